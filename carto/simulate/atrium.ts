import type { Chamber, Variant, Vessel } from './chamber.ts';
import { curve, cut, type Distance, ellipsoid, halfSpace, join, tube } from './distance.ts';
import type { Random } from './random.ts';
import { add, scale, subtract, unit, type Vector } from './vector.ts';

// name, from inside the body, bend, tip, radius at the body, radius at the tip (before scaling)
type VeinPlan = readonly [
  name: Vessel['name'],
  inside: Vector,
  bend: Vector,
  tip: Vector,
  wide: number,
  narrow: number,
];

// biome-ignore format: the columns are the documentation
const leftVeins: readonly VeinPlan[] = [
  ['LSPV', [ 19,  10,  -8], [ 33,  16, -11], [ 45,  28, -16], 8.2, 5.6],
  ['LIPV', [ 19,  -8, -10], [ 32, -12, -16], [ 43, -18, -27], 7.4, 5.0],
];
// biome-ignore format: the columns are the documentation
const rightVeins: readonly VeinPlan[] = [
  ['RSPV', [-18,  10,  -7], [-31,  15,  -8], [-43,  27,  -6], 8.4, 5.6],
  ['RIPV', [-17,  -8, -10], [-30, -11, -15], [-40, -16, -27], 7.4, 5.0],
];
const middleVein: VeinPlan = ['RMPV', [-18, 1, -9], [-31, 2, -12], [-42, 3, -17], 4.4, 3.4];
// both left veins from one trunk, which forks this far out
// biome-ignore format: the columns are the documentation
const forkedVeins: readonly VeinPlan[] = [
  ['LSPV', [ 31,   3, -12], [ 37,  13, -13], [ 46,  26, -17], 7.2, 5.4],
  ['LIPV', [ 31,  -1, -13], [ 36,  -9, -17], [ 44, -19, -27], 6.8, 5.0],
];
const trunk = { from: [17, 1, -9], bend: [26, 1, -11], to: [33, 1, -13], wide: 10.6, narrow: 9.4 } as const;

const tissue = {
  healthyMv: 2.7,
  unipolarMv: [0.5, 1.5],
  speed: 1.05,
  // posterior wall, anterior wall near the septum, roof
  scarSpots: [
    [0, 0, -24],
    [-11, 9, 18],
    [2, 24, -2],
  ],
  scarMm: [11, 16],
  referenceMs: 0,
} as const;

/** Draws a left atrium: a body of three ellipsoids, its veins, the appendage, the mitral plane as a cut. */
export function makeAtrium(random: Random, variant: Variant = 'typical'): Chamber {
  const size = random.between(1.04, 1.2);
  const centre: Vector = [random.between(-10, 40), random.between(20, 70), random.between(-20, 40)];
  const place = (at: Vector): Vector => add(centre, scale(at, size));
  const vary = (value: number, by: number) => value + random.between(-by, by);
  const normal = unit([vary(0.35, 0.05), vary(-0.5, 0.05), vary(0.8, 0.05)]);
  const valve = {
    name: 'MA',
    centre: add(centre, scale(normal, vary(13.5, 0.6) * size)),
    normal,
    reachMm: 26,
  } as const;

  const body = join(
    6 * size,
    ellipsoid(centre, scale([vary(27, 1), vary(22, 1), vary(17.5, 1)], size)),
    ellipsoid(place([13, vary(1, 1), -4]), scale([16, vary(18, 1), 13], size)),
    ellipsoid(place([-12, vary(1, 1), -4]), scale([16, vary(18, 1), 13], size)),
  );
  const tubes: Distance[] = [];
  const plans = [
    ...(variant === 'common-trunk' ? forkedVeins : leftVeins),
    ...rightVeins,
    ...(variant === 'right-middle' ? [middleVein] : []),
  ];
  const vessels = plans.map(([name, inside, bend, tip, radius, tipRadius]): Vessel => {
    const start = place(inside);
    const path = curve(start, place(bend), place([vary(tip[0], 1.5), vary(tip[1], 2), vary(tip[2], 2)]), 7);
    const wide = vary(radius, 0.5) * size;
    tubes.push(tube(path, wide, tipRadius * size));
    if (variant === 'common-trunk' && inside[0] > 0) return throughTrunk(name, place, size);
    const direction = unit(subtract(path[4]!, start));
    return { name, ostium: add(start, scale(direction, 6 * size)), direction, radiusMm: wide };
  });
  if (variant === 'common-trunk') {
    tubes.push(
      tube(curve(place(trunk.from), place(trunk.bend), place(trunk.to), 4), trunk.wide * size, trunk.narrow * size),
    );
  }
  const appendage = place([vary(39, 1), vary(4, 1.5), vary(30, 1.5)]);
  const pouch = tube(curve(place([14, 8, 12]), place([31, 11, 19]), appendage, 7), 7.4 * size, 4.2 * size);
  const cutBody = cut(2, body, halfSpace(valve.centre, normal));
  return {
    kind: 'left-atrium',
    variant,
    distance: join(3.5 * size, join(2.5 * size, cutBody, pouch), ...tubes),
    bounds: { low: place([-54, -32, -40]), high: place([56, 42, 42]) },
    centre,
    vessels,
    valve,
    entrance: place([-15, 13, 11]),
    appendage,
    tissue,
  };
}

/** A vein of a common trunk begins where the trunk does: that is where it is isolated. */
function throughTrunk(name: Vessel['name'], place: (at: Vector) => Vector, size: number): Vessel {
  const start = place(trunk.from);
  const direction = unit(subtract(place(trunk.to), start));
  const half: Vector = [0, name === 'LSPV' ? 4.5 : -4.5, 0];
  const ostium = add(add(start, scale(direction, 6.5 * size)), scale(half, size));
  return { name, ostium, direction, radiusMm: 7 * size };
}
