export { type SendPolicies, sendSchema, storageSchema } from './settings.ts';
export type { SpaceLimits, SpaceState } from './space.ts';
export { Storage, type StorageStatus } from './storage.ts';
