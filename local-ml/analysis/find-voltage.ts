import type { Abstention, Findings } from '../../protocol/findings.ts';
import { glance, look } from '../look.ts';
import { Locator } from '../mesh/locator.ts';
import { PointGrid } from '../mesh/point-grid.ts';
import type { SoundSurface } from '../mesh/validate.ts';
import type { Vector3 } from '../mesh/vector.ts';
import { measureVoltage, type RegionVoltage, together } from '../voltage.ts';
import type { CaseInput } from './case-input.ts';
import type { AnalysisConfig } from './config.ts';
import { type Ground, wallsOf } from './ground.ts';

type VoltageFindings = NonNullable<Findings['voltage']>;

export interface VoltageInput {
  readonly surface: SoundSurface;
  /** n of the surface, mV. */
  readonly bipolarMv: Float64Array;
  readonly input: CaseInput;
  readonly config: AnalysisConfig;
}

/** Areas below the thresholds: of the body by wall where the parts are known, and of the whole shell. */
export function findVoltage(
  { surface, bipolarMv, input, config }: VoltageInput,
  known: { readonly ground: Ground; readonly isEnclosed: (vertex: number) => boolean } | undefined,
): VoltageFindings | Abstention {
  if (!bipolarMv.some((mv) => !Number.isNaN(mv))) return { of: 'voltage', reason: 'no-voltage' };
  const fillMm = distanceToPoints(surface, input, config.voltage.pointToSurfaceMm);
  const field = { triangles: surface.triangles, areasMm2: surface.areasMm2, bipolarMv, ...(fillMm ? { fillMm } : {}) };
  const measure = (regionOf: readonly (string | undefined)[]) => measureVoltage({ ...field, regionOf }, config.voltage);
  const shape = (part: RegionVoltage) => areaOf(part, config.voltage.thresholdsMv);
  const everywhere = surface.areasMm2.length;
  const whole = together('all', measure(new Array<string>(everywhere).fill('all')));
  const walls = known && measure(wallsOf(known.ground, surface.triangles, known.isEnclosed));
  return {
    fillKnown: fillMm !== undefined,
    wholeShell: shape(whole),
    ...(walls
      ? {
          body: shape(together('body', walls)),
          walls: walls.map((part) => ({ wall: part.region, ...shape(part) })) as NonNullable<VoltageFindings['walls']>,
        }
      : {}),
  };
}

/** n, mm: the distance to the nearest mapped point that lies at the surface; undefined where no point is known. */
function distanceToPoints(
  surface: SoundSurface,
  { mappedMm }: CaseInput,
  pointToSurfaceMm: number,
): Float64Array | undefined {
  if (mappedMm.length === 0) return undefined;
  const locator = new Locator(surface);
  const near: number[] = [];
  for (let at = 0; at < mappedMm.length; at += 3) {
    look();
    const point: Vector3 = [mappedMm[at]!, mappedMm[at + 1]!, mappedMm[at + 2]!];
    const foot = locator.nearest(point, pointToSurfaceMm);
    if (foot) near.push(...foot.placeMm);
  }
  look();
  const grid = new PointGrid(near, 8);
  const p = surface.positionsMm;
  return new Float64Array(p.length / 3).map((_, at) => {
    glance(at);
    const { squared } = grid.nearest([p[3 * at]!, p[3 * at + 1]!, p[3 * at + 2]!], 1);
    return squared.length > 0 ? Math.sqrt(squared[0]!) : Infinity;
  });
}

function areaOf({ areaMm2, mappedMm2, belowMm2 }: RegionVoltage, thresholdsMv: readonly number[]) {
  return {
    areaCm2: areaMm2 / 100,
    mappedCm2: mappedMm2 / 100,
    below: thresholdsMv.map((mv, n) => ({
      mv,
      areaCm2: belowMm2[n]! / 100,
      ...(mappedMm2 > 0 ? { percent: Math.min(100, (100 * belowMm2[n]!) / mappedMm2) } : {}),
    })),
  };
}
