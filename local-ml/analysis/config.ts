import { closeProtocol, type LesionConfig } from '../lesions/config.ts';
import { defaultSurfaceLimits, type SurfaceLimits } from '../mesh/validate.ts';
import { defaultVoltageConfig, type VoltageConfig } from '../voltage.ts';

/** Everything that a site may set. */
export interface AnalysisConfig {
  readonly surface: SurfaceLimits;
  readonly voltage: VoltageConfig;
  readonly lesions: LesionConfig;
  /** More lesions than this are no case that this was made for. */
  readonly maxLesions: number;
  /** With a larger share of them far from the surface, lesions and surface do not belong together. */
  readonly maxOffSurfaceShare: number;
}

export const defaultAnalysisConfig: AnalysisConfig = {
  surface: defaultSurfaceLimits,
  voltage: defaultVoltageConfig,
  lesions: closeProtocol,
  maxLesions: 1500,
  maxOffSurfaceShare: 0.3,
};
