import type { Chamber, Variant, Vessel } from './chamber.ts';
import { curve, cut, type Distance, ellipsoid, halfSpace, join, tube } from './distance.ts';
import type { Random } from './random.ts';
import { add, scale, subtract, unit, type Vector } from './vector.ts';
import { drawVessels, type Sketch, sketchOf, type VesselPlan } from './vessel.ts';

// biome-ignore format: the columns are the documentation
const leftVeins: readonly VesselPlan[] = [
  ['LSPV', [ 19,  10,  -8], [ 33,  16, -11], [ 45,  28, -16], 8.2, 5.6],
  ['LIPV', [ 19,  -8, -10], [ 32, -12, -16], [ 43, -18, -27], 7.4, 5.0],
];
// biome-ignore format: the columns are the documentation
const rightVeins: readonly VesselPlan[] = [
  ['RSPV', [-18,  10,  -7], [-31,  15,  -8], [-43,  27,  -6], 8.4, 5.6],
  ['RIPV', [-17,  -8, -10], [-30, -11, -15], [-40, -16, -27], 7.4, 5.0],
];
const middleVein: VesselPlan = ['RMPV', [-18, 1, -9], [-31, 2, -12], [-42, 3, -17], 4.4, 3.4];
// both left veins from one trunk, which forks this far out
// biome-ignore format: the columns are the documentation
const forkedVeins: readonly VesselPlan[] = [
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
  const sketch = sketchOf(random, size, centre);
  const { place, vary } = sketch;
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
  const forks = variant === 'common-trunk';
  const plans = [
    ...(forks ? forkedVeins : leftVeins),
    ...rightVeins,
    ...(variant === 'right-middle' ? [middleVein] : []),
  ];
  const veins = drawVessels(plans, sketch, { wideByMm: 0.5, ostiumMm: 6 });
  const appendage = place([vary(39, 1), vary(4, 1.5), vary(30, 1.5)]);
  const pouch = tube(curve(place([14, 8, 12]), place([31, 11, 19]), appendage, 7), 7.4 * size, 4.2 * size);
  const cutBody = cut(2, body, halfSpace(valve.centre, normal));
  return {
    kind: 'left-atrium',
    variant,
    distance: join(3.5 * size, join(2.5 * size, cutBody, pouch), ...veins.tubes, ...(forks ? [drawTrunk(sketch)] : [])),
    bounds: { low: place([-54, -32, -40]), high: place([56, 42, 42]) },
    centre,
    vessels: forks ? veins.vessels.map((vein) => throughTrunk(vein, sketch)) : veins.vessels,
    valve,
    entrance: place([-15, 13, 11]),
    appendage,
    tissue,
  };
}

function drawTrunk({ place, size }: Sketch): Distance {
  const path = curve(place(trunk.from), place(trunk.bend), place(trunk.to), 4);
  return tube(path, trunk.wide * size, trunk.narrow * size);
}

/** A left vein of a common trunk begins where the trunk does: that is where it is isolated. */
function throughTrunk(vein: Vessel, { place, size }: Sketch): Vessel {
  const { name } = vein;
  if (name !== 'LSPV' && name !== 'LIPV') return vein;
  const start = place(trunk.from);
  const direction = unit(subtract(place(trunk.to), start));
  const half: Vector = [0, name === 'LSPV' ? 4.5 : -4.5, 0];
  const ostium = add(add(start, scale(direction, 6.5 * size)), scale(half, size));
  return { name, ostium, direction, radiusMm: 7 * size };
}
