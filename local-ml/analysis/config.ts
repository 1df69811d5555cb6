import { closeProtocol, type LesionConfig } from '../lesions/config.ts';
import { defaultSurfaceLimits, type SurfaceLimits } from '../mesh/validate.ts';
import { defaultVoltageConfig, type VoltageConfig } from '../voltage.ts';

/**
 * How the middles of the recognised parts lie to those of a left atrium. Measured on 2026-11-27 with la-regions 0.1.0: left atria 4.7
 * to 11.3 mm and 5 to 14 degrees, the same mirrored 14.5 to 19.5 mm, other chambers 15.4 to 24.1 mm.
 */
export interface PoseLimits {
  readonly reviewResidualMm: number;
  readonly rejectResidualMm: number;
  readonly maxTurnDegrees: number;
}

/** Everything that a site may set. */
export interface AnalysisConfig {
  readonly surface: SurfaceLimits;
  readonly voltage: VoltageConfig;
  readonly lesions: LesionConfig;
  readonly pose: PoseLimits;
  /** More lesions than this are no case that this was made for. */
  readonly maxLesions: number;
  /** With a larger share of them far from the surface, lesions and surface do not belong together. */
  readonly maxOffSurfaceShare: number;
}

export const defaultAnalysisConfig: AnalysisConfig = {
  surface: defaultSurfaceLimits,
  voltage: defaultVoltageConfig,
  lesions: closeProtocol,
  pose: { reviewResidualMm: 11, rejectResidualMm: 13, maxTurnDegrees: 40 },
  maxLesions: 1500,
  maxOffSurfaceShare: 0.3,
};
