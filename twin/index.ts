export type { DeviceIdentity, HubAddress } from './agent.ts';
export type { Desired } from './desired.ts';
export { LinkError, type LinkErrorCode } from './errors.ts';
export { defaultLimits, type LinkLimits } from './limits.ts';
export { HubLink, type HubLinkDeps, type LinkState, type LinkStatus } from './link.ts';
