import { type SiteClass, type Wall, wallOf } from '../anatomy/site-class.ts';
import type { LesionConfig } from './config.ts';
import type { Lesion } from './lesion.ts';

/** What lesions of one wall are weighed by. */
export interface DoseLevel {
  readonly index: number;
  readonly ftiGs: number;
}
export type DoseLevels = Readonly<Record<Wall | 'between', DoseLevel>>;

/** Sectors that border on those of the other wall: which target an operator had in mind there is not known. */
const borderSectors = /_(ROOF|ANT_INF)$/;

/** What a lesion at a site is weighed by. */
export function doseLevelAt(site: SiteClass, levels: DoseLevels): DoseLevel {
  return levels[borderSectors.test(site) ? 'between' : wallOf(site)];
}

/**
 * What a case's lesions are weighed by: the targets; where `ownLevel` is set and most lesions of a wall stay below its
 * target, the median of those lesions. Where the walls meet: the geometric mean.
 */
export function doseLevelsOf(
  lesions: readonly { readonly lesion: Lesion; readonly wall: Wall }[],
  config: LesionConfig,
): DoseLevels {
  const level = (wall: Wall): DoseLevel => {
    const own = lesions.flatMap((one) => (one.wall === wall ? [one.lesion] : []));
    const held = (target: number, values: readonly number[]) =>
      config.ownLevel && values.length >= leastOwn ? Math.min(target, medianOf(values)) : target;
    return {
      index: held(
        config.indexTarget[wall],
        own.flatMap(({ index }) => index || []),
      ),
      ftiGs: held(
        config.ftiTargetGs,
        own.flatMap(({ ftiGs }) => ftiGs || []),
      ),
    };
  };
  const [anterior, posterior] = [level('anterior'), level('posterior')];
  const between = (of: (one: DoseLevel) => number) => Math.sqrt(of(anterior) * of(posterior));
  return {
    ...{ anterior, posterior },
    between: { index: between(({ index }) => index), ftiGs: between(({ ftiGs }) => ftiGs) },
  };
}

const leastOwn = 5;

function medianOf(values: readonly number[]): number {
  return [...values].sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

/**
 * How a lesion's radius stands to that of one on target: by the Ablation Index, else by the force-time integral.
 * `unweighted`: neither is known, and it counts as on target.
 */
export function radiusShare(
  { index, ftiGs }: Lesion,
  { level, config }: { readonly level: DoseLevel; readonly config: LesionConfig },
): { readonly share: number; readonly by: 'index' | 'fti' | 'unweighted' } {
  if (index !== undefined && index > 0) return { share: shaped(index / level.index, config), by: 'index' };
  if (ftiGs !== undefined && ftiGs > 0) {
    const { leastByFti, most } = config.radiusShare;
    return { share: Math.min(most, Math.max(leastByFti, ftiGs / level.ftiGs)), by: 'fti' };
  }
  return { share: 1, by: 'unweighted' };
}

function shaped(share: number, { radiusShare: { least, most, weakBelow, weakPower } }: LesionConfig): number {
  const bent = share >= weakBelow ? share : weakBelow * (share / weakBelow) ** weakPower;
  return Math.min(most, Math.max(least, bent));
}
