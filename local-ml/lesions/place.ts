import { look } from '../look.ts';
import type { Foot, Locator } from '../mesh/locator.ts';
import type { Surface } from '../mesh/surface.ts';
import type { Barrier } from './clearance.ts';
import type { Lesion } from './lesion.ts';

/** A lesion and where it lies on the surface. */
export interface PlacedLesion extends Lesion {
  readonly foot: Foot;
  /** The corner of the foot's triangle that is nearest to it. */
  readonly vertex: number;
}

/** Projects each lesion; those too far from the surface are returned by themselves. */
export function placeLesions(
  lesions: readonly Lesion[],
  {
    surface,
    locator,
    maxProjectionMm,
  }: { readonly surface: Surface; readonly locator: Locator; readonly maxProjectionMm: number },
): { readonly placed: readonly PlacedLesion[]; readonly offSurface: readonly Lesion[] } {
  const placed: PlacedLesion[] = [];
  const offSurface: Lesion[] = [];
  for (const lesion of lesions) {
    look();
    const foot = footOf(lesion, locator, maxProjectionMm);
    if (!foot) offSurface.push(lesion);
    else placed.push({ ...lesion, foot, vertex: heaviestCorner(surface, foot) });
  }
  return { placed, offSurface };
}

/** Beyond this, a tag off the surface has nothing to do with its holes, mm. */
const holeMm = 20;

/**
 * Tags off the surface may stand where it was not mapped. Nothing can be said of such a place: it bars every way along
 * its rim.
 */
export function barriersInHoles(
  offSurface: readonly Lesion[],
  { surface, locator }: { readonly surface: Surface; readonly locator: Locator },
): readonly Barrier[] {
  return offSurface.flatMap((lesion) => {
    const foot = footOf(lesion, locator, holeMm);
    return foot ? [{ placeMm: foot.placeMm, vertex: heaviestCorner(surface, foot), radiusMm: foot.distanceMm }] : [];
  });
}

function footOf({ placeMm }: Lesion, locator: Locator, withinMm: number): Foot | undefined {
  return placeMm.every(Number.isFinite) ? locator.nearest(placeMm, withinMm) : undefined;
}

function heaviestCorner({ triangles }: Surface, { triangle, weights }: Foot): number {
  const corner = weights[0] >= weights[1] && weights[0] >= weights[2] ? 0 : weights[1] >= weights[2] ? 1 : 2;
  return triangles[3 * triangle + corner]!;
}
