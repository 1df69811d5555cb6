import { curve, cut, type Distance, ellipsoid, halfSpace, join, tube } from './distance.ts';
import type { Random } from './random.ts';
import { across, add, cross, dot, length, scale, subtract, unit, type Vector } from './vector.ts';

/** A pulmonary vein: a tapered, curved tube. */
export interface Vein {
  readonly name: 'LSPV' | 'LIPV' | 'RSPV' | 'RIPV';
  readonly side: 'left' | 'right';
  readonly upper: boolean;
  /** Where the vein leaves the body, on its axis. */
  readonly ostium: Vector;
  /** From the ostium outward, unit length. */
  readonly direction: Vector;
  readonly radiusMm: number;
}

/** A made-up left atrium. All places in one frame: x left, y superior, z anterior, mm. */
export interface Atrium {
  readonly distance: Distance;
  readonly bounds: { readonly low: Vector; readonly high: Vector };
  readonly centre: Vector;
  readonly veins: readonly Vein[];
  readonly mitral: { readonly centre: Vector; readonly normal: Vector };
  /** Where the sinus wave enters from the right atrium. */
  readonly septum: Vector;
  readonly appendage: Vector;
}

// name, upper, from inside the body, bend, tip, radius at the body, radius at the tip (before scaling)
// biome-ignore format: the columns are the documentation
const veinPlans = [
  ['LSPV', true,  [ 19,  10,  -8], [ 33,  16, -11], [ 45,  28, -16], 8.2, 5.6],
  ['LIPV', false, [ 19,  -8, -10], [ 32, -12, -16], [ 43, -18, -27], 7.4, 5.0],
  ['RSPV', true,  [-18,  10,  -7], [-31,  15,  -8], [-43,  27,  -6], 8.4, 5.6],
  ['RIPV', false, [-17,  -8, -10], [-30, -11, -15], [-40, -16, -27], 7.4, 5.0],
] as const;

/** Draws one anatomy: a body of three ellipsoids, four veins, the appendage, the mitral plane as a cut. */
export function makeAtrium(random: Random): Atrium {
  const size = random.between(1.04, 1.2);
  const centre: Vector = [random.between(-10, 40), random.between(20, 70), random.between(-20, 40)];
  const place = (at: Vector): Vector => add(centre, scale(at, size));
  const vary = (value: number, by: number) => value + random.between(-by, by);
  const normal = unit([vary(0.35, 0.05), vary(-0.5, 0.05), vary(0.8, 0.05)]);
  const mitral = { centre: add(centre, scale(normal, vary(13.5, 0.6) * size)), normal };

  const body = join(
    6 * size,
    ellipsoid(centre, scale([vary(27, 1), vary(22, 1), vary(17.5, 1)], size)),
    ellipsoid(place([13, vary(1, 1), -4]), scale([16, vary(18, 1), 13], size)),
    ellipsoid(place([-12, vary(1, 1), -4]), scale([16, vary(18, 1), 13], size)),
  );
  const tubes: Distance[] = [];
  const veins = veinPlans.map(([name, upper, inside, bend, tip, radius, tipRadius]): Vein => {
    const start = place(inside);
    const path = curve(start, place(bend), place([vary(tip[0], 1.5), vary(tip[1], 2), vary(tip[2], 2)]), 7);
    const wide = vary(radius, 0.5) * size;
    tubes.push(tube(path, wide, tipRadius * size));
    const direction = unit(subtract(path[4]!, start));
    return {
      name,
      side: inside[0] > 0 ? 'left' : 'right',
      upper,
      ostium: add(start, scale(direction, 6 * size)),
      direction,
      radiusMm: wide,
    };
  });
  const appendage = place([vary(39, 1), vary(4, 1.5), vary(30, 1.5)]);
  const pouch = tube(curve(place([14, 8, 12]), place([31, 11, 19]), appendage, 7), 7.4 * size, 4.2 * size);
  const cutBody = cut(2, body, halfSpace(mitral.centre, normal));
  return {
    distance: join(3.5 * size, join(2.5 * size, cutBody, pouch), ...tubes),
    bounds: { low: place([-54, -32, -40]), high: place([56, 42, 42]) },
    centre,
    veins,
    mitral,
    septum: place([-15, 13, 11]),
    appendage,
  };
}

/** How far out in a vein a place lies, in mm from the ostium; 0 in the body. */
export function veinDepth(atrium: Atrium, place: Vector): number {
  let deepest = 0;
  for (const vein of atrium.veins) {
    const from = subtract(place, vein.ostium);
    const depth = dot(from, vein.direction);
    if (depth > deepest && length(across(from, vein.direction)) < 2 * vein.radiusMm + 0.35 * depth) deepest = depth;
  }
  return deepest;
}

/** True on the flat lid that closes the mesh at the mitral valve: no tissue, so no measurement there. */
export function onMitralLid(atrium: Atrium, place: Vector): boolean {
  const from = subtract(place, atrium.mitral.centre);
  return Math.abs(dot(from, atrium.mitral.normal)) < 0.6 && length(from) < 26;
}

/** The rim of the mitral lid as a closed loop of places. */
export function mitralRim(atrium: Atrium): Vector[] {
  const { centre, normal } = atrium.mitral;
  const right = unit(across([1, 0, 0], normal));
  const up = cross(normal, right);
  const seat = subtract(centre, scale(normal, 1));
  return Array.from({ length: 36 }, (_, n) => {
    const angle = (2 * Math.PI * n) / 36;
    const way = add(scale(right, Math.cos(angle)), scale(up, Math.sin(angle)));
    let far = 0;
    while (far < 30 && atrium.distance(...add(seat, scale(way, far))) < 0) far += 0.25;
    return add(seat, scale(way, far));
  });
}
