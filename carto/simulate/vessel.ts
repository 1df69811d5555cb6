import type { Vessel } from './chamber.ts';
import { curve, type Distance, tube } from './distance.ts';
import type { Random } from './random.ts';
import { add, scale, subtract, unit, type Vector } from './vector.ts';

/** How a chamber is drawn from its plan: larger or smaller around a centre, each measure a little off. */
export interface Sketch {
  readonly centre: Vector;
  readonly size: number;
  /** Where a place of the plan, given against the centre, comes to lie. */
  place(at: Vector): Vector;
  /** A measure of the plan, up to `by` more or less. */
  vary(value: number, by: number): number;
}

export function sketchOf(random: Random, size: number, centre: Vector): Sketch {
  return {
    centre,
    size,
    place: (at) => add(centre, scale(at, size)),
    vary: (value, by) => value + random.between(-by, by),
  };
}

/** Name, from inside the body, bend, tip, radius at the body, radius at the tip. */
export type VesselPlan = readonly [
  name: Vessel['name'],
  inside: Vector,
  bend: Vector,
  tip: Vector,
  wide: number,
  narrow: number,
];

/** Draws vessels: curved, tapered tubes. The ostium lies so far from where a tube begins inside the body. */
export function drawVessels(
  plans: readonly VesselPlan[],
  { place, vary, size }: Sketch,
  { wideByMm, ostiumMm }: { readonly wideByMm: number; readonly ostiumMm: number },
): { readonly vessels: readonly Vessel[]; readonly tubes: readonly Distance[] } {
  const drawn = plans.map(([name, inside, bend, tip, radius, tipRadius]) => {
    const start = place(inside);
    const path = curve(start, place(bend), place([vary(tip[0], 1.5), vary(tip[1], 2), vary(tip[2], 2)]), 7);
    const wide = vary(radius, wideByMm) * size;
    const direction = unit(subtract(path[4]!, start));
    const vessel: Vessel = { name, ostium: add(start, scale(direction, ostiumMm * size)), direction, radiusMm: wide };
    return { vessel, tube: tube(path, wide, tipRadius * size) };
  });
  return { vessels: drawn.map(({ vessel }) => vessel), tubes: drawn.map(({ tube }) => tube) };
}
