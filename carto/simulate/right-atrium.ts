import type { Chamber } from './chamber.ts';
import { curve, cut, ellipsoid, halfSpace, join, tube } from './distance.ts';
import type { Random } from './random.ts';
import { add, scale, unit, type Vector } from './vector.ts';
import { drawVessels, sketchOf, type VesselPlan } from './vessel.ts';

// biome-ignore format: the columns are the documentation
const vesselPlans: readonly VesselPlan[] = [
  ['SVC', [ 1,  15, -5], [ 1,  30,  -8], [ 3,  47, -10], 9.0, 8.0],
  ['IVC', [ 0, -15, -5], [-1, -29,  -8], [-2, -45, -11], 11.0, 10.0],
  ['CS',  [11, -13, -8], [19, -16, -13], [27, -17, -20], 4.6, 3.6],
];

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
  const sketch = sketchOf(random, size, centre);
  const { place, vary } = sketch;
  const normal = unit([vary(0.72, 0.05), vary(-0.25, 0.05), vary(0.62, 0.05)]);
  const valve = { name: 'TA', centre: add(centre, scale(normal, vary(14, 0.6) * size)), normal, reachMm: 27 } as const;
  const body = join(
    6 * size,
    ellipsoid(centre, scale([vary(20, 1), vary(25, 1), vary(18, 1)], size)),
    ellipsoid(place([-3, vary(-6, 1), -3]), scale([17, vary(17, 1), 15], size)),
  );
  const { vessels, tubes } = drawVessels(vesselPlans, sketch, { wideByMm: 0.4, ostiumMm: 8 });
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
