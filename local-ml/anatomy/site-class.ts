import type { Side } from './anatomy.ts';

/** The eight sectors of a vein pair's clock, in the order of the models. */
export const sectors = [
  'ROOF',
  'ANT_SUP',
  'ANT_CARINA',
  'ANT_INF',
  'INF',
  'POST_INF',
  'POST_CARINA',
  'POST_SUP',
] as const;
export type Sector = (typeof sectors)[number];

const elsewhere = [
  'ROOF_LINE',
  'POSTERIOR_WALL',
  'INFERIOR_LINE',
  'MITRAL_ISTHMUS',
  'ANTERIOR_WALL',
  'SEPTUM',
  'LAA',
] as const;

/** Where a lesion can be, in the order of the models (CONTRACT.md, 8). */
export const siteClasses = [
  ...sectors.map((sector) => `L_${sector}` as const),
  ...sectors.map((sector) => `R_${sector}` as const),
  ...elsewhere,
] as const;
export type SiteClass = (typeof siteClasses)[number];

/** Angles on the clock where one sector ends and the next begins, degrees, without sign; behind they are mirrored. */
const borders = [30, 75, 105, 150] as const;
const front = ['ROOF', 'ANT_SUP', 'ANT_CARINA', 'ANT_INF', 'INF'] as const;
const behind = ['ROOF', 'POST_SUP', 'POST_CARINA', 'POST_INF', 'INF'] as const;

export function sectorAt(angleRad: number): Sector {
  const degrees = (angleRad * 180) / Math.PI;
  const at = borders.filter((border) => Math.abs(degrees) > border).length;
  return (degrees >= 0 ? front : behind)[at]!;
}

/** How far an angle is from the nearest border of a sector, degrees. */
export function marginDegrees(angleRad: number): number {
  const degrees = Math.abs((angleRad * 180) / Math.PI);
  return Math.min(...borders.map((border) => Math.abs(degrees - border)));
}

/** The wall that the target of a lesion goes by: behind and below the wall is thin, in front and at the roof thick. */
export type Wall = 'anterior' | 'posterior';

const thinSectors: readonly string[] = ['INF', 'POST_INF', 'POST_CARINA', 'POST_SUP'];
const thinWalls: readonly SiteClass[] = ['POSTERIOR_WALL', 'INFERIOR_LINE'];

export function wallOf(site: SiteClass): Wall {
  const isThin = sideOf(site) === undefined ? thinWalls.includes(site) : thinSectors.includes(site.slice(2));
  return isThin ? 'posterior' : 'anterior';
}

/** The vein pair that a class belongs to. */
export function sideOf(site: SiteClass): Side | undefined {
  if (site.startsWith('L_')) return 'L';
  return site.startsWith('R_') ? 'R' : undefined;
}

/** The same sector or its neighbours on the clock of the same side. */
export function isSameOrAdjacent(a: SiteClass, b: SiteClass): boolean {
  if (a === b) return true;
  const side = sideOf(a);
  if (side === undefined || side !== sideOf(b)) return false;
  const [x, y] = [a, b].map((site) => sectors.indexOf(site.slice(2) as Sector));
  return [1, sectors.length - 1].includes(Math.abs(x! - y!));
}
