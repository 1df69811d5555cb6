export { surfaceOf } from './mesh/surface.ts';
export {
  defaultSurfaceLimits,
  type SoundSurface,
  type SurfaceFlaw,
  type SurfaceLimits,
  type Validation,
  validate,
} from './mesh/validate.ts';
export { weld } from './mesh/weld.ts';
export { defaultVoltageConfig, measureVoltage, type RegionVoltage, type VoltageConfig } from './voltage.ts';
