export { Hub, type HubDeps } from './hub.ts';
export { RegistryError } from './registry/errors.ts';
export type { DeviceRecord, Enrolment } from './registry/records.ts';
export { openRegistry, type Registry } from './registry/registry.ts';
export { type HubLimits, type HubSettings, hubSettingsSchema, servicePolicy, uploadContainer } from './settings.ts';
