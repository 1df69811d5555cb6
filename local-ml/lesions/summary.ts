import { type SiteClass, siteClasses, wallOf } from '../anatomy/site-class.ts';
import { distance } from '../mesh/vector.ts';
import type { LesionConfig } from './config.ts';
import type { PlacedLesion } from './place.ts';
import type { SitedLesion } from './rings.ts';

/** Quantiles of what is known: `n` values, not as many as there are lesions where some do not say. */
export interface Spread {
  readonly n: number;
  readonly min: number;
  readonly p50: number;
  readonly p95: number;
  readonly max: number;
  readonly mean: number;
}

export interface SegmentSummary {
  readonly site: SiteClass;
  readonly lesions: number;
  readonly forceG?: Spread;
  readonly ftiGs?: Spread;
  readonly index?: Spread;
  readonly durationS?: Spread;
  readonly impedanceDropOhm?: Spread;
  /** Between neighbours: the edges of the shortest tree over all lesions that have an end in this segment. */
  readonly interLesionMm?: Spread;
  /** Absent where sites, and so targets, are not known. */
  readonly belowIndexTarget?: number;
  /** With a mean force and a force-time integral both below target. */
  readonly weakContact: number;
}

/** By segment, in the order of the classes; segments without a lesion are not in it. */
export function summariseLesions(lesions: readonly SitedLesion[], config: LesionConfig): readonly SegmentSummary[] {
  const links = shortestTree(lesions);
  return siteClasses.flatMap((site) => {
    const own = lesions.filter((lesion) => lesion.site === site);
    if (own.length === 0) return [];
    const between = links.filter(({ a, b }) => lesions[a]!.site === site || lesions[b]!.site === site);
    return [
      {
        site,
        ...summaryOf(
          own,
          between.map(({ mm }) => mm),
          config,
          (lesion) => lesion.site,
        ),
      },
    ];
  });
}

/** Of any set of lesions, with the distances between neighbours. */
export function summaryOf<L extends PlacedLesion>(
  own: readonly L[],
  interLesionMm: readonly number[],
  config: LesionConfig,
  siteOf?: (lesion: L) => SiteClass,
): Omit<SegmentSummary, 'site'> {
  const spread = (of: (lesion: L) => number | undefined) => spreadOf(own.flatMap((lesion) => of(lesion) ?? []));
  const values = {
    forceG: spread(({ forceG }) => forceG),
    ftiGs: spread(({ ftiGs }) => ftiGs),
    index: spread(({ index }) => index),
    durationS: spread(({ durationS }) => durationS),
    impedanceDropOhm: spread(({ impedanceDropOhm }) => impedanceDropOhm),
    interLesionMm: spreadOf(interLesionMm),
  };
  return {
    lesions: own.length,
    ...(Object.fromEntries(Object.entries(values).filter(([, value]) => value)) as Partial<
      Record<keyof typeof values, Spread>
    >),
    ...(siteOf
      ? {
          belowIndexTarget: own.filter(
            (lesion) => (lesion.index ?? Infinity) < config.indexTarget[wallOf(siteOf(lesion))],
          ).length,
        }
      : {}),
    weakContact: own.filter(
      ({ forceG, ftiGs }) => (forceG ?? Infinity) < config.forceTargetG && (ftiGs ?? Infinity) < config.ftiTargetGs,
    ).length,
  };
}

/** Nearest rank; undefined of nothing. */
export function spreadOf(values: readonly number[]): Spread | undefined {
  if (values.length === 0) return undefined;
  const sorted = [...values].sort((a, b) => a - b);
  const at = (share: number) => sorted[Math.max(0, Math.ceil(share * sorted.length) - 1)]!;
  const mean = sorted.reduce((sum, value) => sum + value, 0) / sorted.length;
  return { n: sorted.length, min: sorted[0]!, p50: at(0.5), p95: at(0.95), max: sorted.at(-1)!, mean };
}

interface Link {
  readonly a: number;
  readonly b: number;
  readonly mm: number;
}

/**
 * The links of the shortest tree that joins all lesions (Prim): each lesion with its neighbours, whatever the order in
 * which they were made. Links longer than `maxMm` join sets that are not neighbours and are left out.
 */
export function shortestTree(lesions: readonly PlacedLesion[], maxMm = 15): readonly Link[] {
  const links: Link[] = [];
  const nearest = lesions.map(() => ({ mm: Infinity, from: -1 }));
  const joined = new Uint8Array(lesions.length);
  let last = 0;
  for (let step = 1; step < lesions.length; step++) {
    joined[last] = 1;
    let next = -1;
    for (let at = 0; at < lesions.length; at++) {
      if (joined[at]) continue;
      const mm = distance(lesions[at]!.foot.placeMm, lesions[last]!.foot.placeMm);
      if (mm < nearest[at]!.mm) nearest[at] = { mm, from: last };
      if (next === -1 || nearest[at]!.mm < nearest[next]!.mm) next = at;
    }
    links.push({ a: nearest[next]!.from, b: next, mm: nearest[next]!.mm });
    last = next;
  }
  return links.filter(({ mm }) => mm <= maxMm);
}
