import type { AblationSite, Study } from '../../carto/index.ts';
import { lpsOf } from '../mesh/surface.ts';
import type { Vector3 } from '../mesh/vector.ts';

/** One ablation tag. Absent is what the export does not say. */
export interface Lesion {
  /** Where it stands in the order of time, from 0. */
  readonly order: number;
  /** LPS. */
  readonly placeMm: Vector3;
  /** Since the first lesion. */
  readonly startS?: number;
  readonly durationS?: number;
  readonly forceG?: number;
  readonly ftiGs?: number;
  /** Ablation Index. */
  readonly index?: number;
  readonly impedanceDropOhm?: number;
}

/** The tags of a study in the order of time; those without a time come last, as they stand in the table. */
export function lesionsOf({ visiTag }: Pick<Study, 'visiTag'>): readonly Lesion[] {
  if (!visiTag) return [];
  const sessions = new Map(visiTag.sessions.map(({ id, startStudyMs }) => [id, startStudyMs]));
  const startOf = (site: AblationSite) => site.firstStudyMs ?? sessions.get(site.session) ?? Number.NaN;
  const timed = visiTag.sites.map((site, at) => ({ site, at, startMs: startOf(site) }));
  timed.sort((a, b) => compare(a.startMs, b.startMs) || a.at - b.at);
  const firstMs = timed[0]?.startMs ?? Number.NaN;
  return timed.map(({ site, startMs }, order) => ({
    order,
    placeMm: lpsOf(...site.positionMm),
    ...present({
      startS: (startMs - firstMs) / 1000,
      durationS: site.durationS,
      forceG: site.averageForceG,
      ftiGs: site.ftiGs,
      index: site.rfIndex,
      impedanceDropOhm: site.impedanceDropOhm,
    }),
  }));
}

/** NaN goes last. */
function compare(a: number, b: number): number {
  if (Number.isNaN(a) || Number.isNaN(b)) return Number(Number.isNaN(a)) - Number(Number.isNaN(b));
  return a - b;
}

/** What is a number that can be: nothing that was measured here is negative. */
function present<T extends Readonly<Record<string, number | undefined>>>(values: T): Partial<Record<keyof T, number>> {
  const kept = Object.entries(values).filter(
    ([, value]) => value !== undefined && Number.isFinite(value) && value >= 0,
  );
  return Object.fromEntries(kept) as Partial<Record<keyof T, number>>;
}
