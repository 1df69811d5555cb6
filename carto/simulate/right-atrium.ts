import type { Chamber, Vessel } from './chamber.ts';
import { curve, cut, type Distance, ellipsoid, halfSpace, join, tube } from './distance.ts';
import type { Random } from './random.ts';
import { add, scale, subtract, unit, type Vector } from './vector.ts';

// name, from inside the body, bend, tip, radius at the body, radius at the tip (before scaling)
// biome-ignore format: the columns are the documentation
const vesselPlans = [
  ['SVC', [ 1,  15, -5], [ 1,  30,  -8], [ 3,  47, -10], 9.0, 8.0],
  ['IVC', [ 0, -15, -5], [-1, -29,  -8], [-2, -45, -11], 11.0, 10.0],
  ['CS',  [11, -13, -8], [19, -16, -13], [27, -17, -20], 4.6, 3.6],
] as const;

const tissue = {
  healthyMv: 2.4,
  unipolarMv: [0.5, 1.4],
  speed: 0.95,
  // lateral wall, septum
  scarSpots: [
    [-20, -2, 2],
    [14, 6, -10],
  ],
  scarMm: [8, 13],
  referenceMs: 0,
} as const;

/** Draws a right atrium: a body, both caval veins, the mouth of the coronary sinus, the appendage, the tricuspid plane. */
export function makeRightAtrium(random: Random): Chamber {
  const size = random.between(1, 1.15);
  const centre: Vector = [random.between(-60, -25), random.between(20, 70), random.between(-10, 40)];
  const place = (at: Vector): Vector => add(centre, scale(at, size));
  const vary = (value: number, by: number) => value + random.between(-by, by);
  const normal = unit([vary(0.72, 0.05), vary(-0.25, 0.05), vary(0.62, 0.05)]);
  const valve = { name: 'TA', centre: add(centre, scale(normal, vary(14, 0.6) * size)), normal, reachMm: 27 } as const;
  const body = join(
    6 * size,
    ellipsoid(centre, scale([vary(20, 1), vary(25, 1), vary(18, 1)], size)),
    ellipsoid(place([-3, vary(-6, 1), -3]), scale([17, vary(17, 1), 15], size)),
  );
  const tubes: Distance[] = [];
  const vessels = vesselPlans.map(([name, inside, bend, tip, radius, tipRadius]): Vessel => {
    const start = place(inside);
    const path = curve(start, place(bend), place([vary(tip[0], 1.5), vary(tip[1], 2), vary(tip[2], 2)]), 7);
    const wide = vary(radius, 0.4) * size;
    tubes.push(tube(path, wide, tipRadius * size));
    const direction = unit(subtract(path[4]!, start));
    return { name, ostium: add(start, scale(direction, 8 * size)), direction, radiusMm: wide };
  });
  const appendage = place([vary(13, 1), vary(18, 1.5), vary(27, 1.5)]);
  const pouch = tube(curve(place([0, 7, 8]), place([5, 13, 18]), appendage, 7), 9.2 * size, 5 * size);
  const cutBody = cut(2, body, halfSpace(valve.centre, normal));
  return {
    kind: 'right-atrium',
    variant: 'typical',
    distance: join(3.5 * size, join(2.5 * size, cutBody, pouch), ...tubes),
    bounds: { low: place([-36, -58, -40]), high: place([40, 60, 44]) },
    centre,
    vessels,
    valve,
    entrance: place([-8, 19, 5]),
    appendage,
    tissue,
  };
}
