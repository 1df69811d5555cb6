import type { Chamber } from './chamber.ts';
import { curve, cut, ellipsoid, halfSpace, join, tube } from './distance.ts';
import type { Random } from './random.ts';
import { add, scale, unit, type Vector } from './vector.ts';
import { sketchOf } from './vessel.ts';

const tissue = {
  healthyMv: 3.6,
  unipolarMv: [1.5, 2.2],
  speed: 1.3,
  // inferior wall, anterior wall, lateral wall
  scarSpots: [
    [2, -24, -6],
    [2, 14, 24],
    [24, 0, -8],
  ],
  scarMm: [14, 20],
  referenceMs: 186,
} as const;

/** Draws a left ventricle: a blunt cone from the base to the apex, cut at the mitral plane, with its outflow tract. */
export function makeVentricle(random: Random): Chamber {
  const size = random.between(0.95, 1.15);
  const centre: Vector = [random.between(20, 60), random.between(0, 40), random.between(10, 50)];
  const { place, vary } = sketchOf(random, size, centre);
  const apexWay = unit([vary(0.6, 0.05), vary(-0.45, 0.05), vary(0.62, 0.05)]);
  const along = (mm: number): Vector => add(centre, scale(apexWay, mm * size));
  const normal = scale(apexWay, -1);
  const valve = { name: 'MA', centre: along(vary(-26, 1)), normal, reachMm: 34 } as const;
  const body = join(
    8 * size,
    tube(curve(along(-26), along(2), along(34), 9), vary(23, 0.8) * size, vary(10, 0.6) * size),
    ellipsoid(along(-8), scale([vary(22, 0.8), 23, 22], size)),
  );
  const outflow = { from: along(-18), direction: unit([vary(-0.5, 0.05), vary(0.78, 0.05), vary(0.1, 0.05)]) };
  const at = (mm: number) => add(outflow.from, scale(outflow.direction, mm * size));
  const cutBody = cut(2, body, halfSpace(valve.centre, normal));
  return {
    kind: 'left-ventricle',
    variant: 'typical',
    distance: join(4 * size, cutBody, tube(curve(at(8), at(22), at(38), 6), 10.5 * size, 9.5 * size)),
    bounds: { low: place([-58, -62, -58]), high: place([62, 58, 62]) },
    centre,
    vessels: [{ name: 'LVOT', ostium: at(25), direction: outflow.direction, radiusMm: 10.5 * size }],
    valve,
    entrance: place([-16, 4, 12]),
    tissue,
  };
}
