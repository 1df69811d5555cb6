export { ask, ControlError } from './client.ts';
export { type ControlHandlers, ControlServer } from './server.ts';
