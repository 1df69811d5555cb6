import { mix, subtract, type Vector } from './vector.ts';

/** Signed distance in mm, negative inside. Exact near the surface, only roughly so far from it. */
export type Distance = (x: number, y: number, z: number) => number;

/** An ellipsoid along the axes (first-order distance: exact on the surface, good beside it). */
export function ellipsoid(centre: Vector, radii: Vector): Distance {
  const [cx, cy, cz] = centre;
  const [rx, ry, rz] = radii;
  return (x, y, z) => {
    const px = (x - cx) / rx;
    const py = (y - cy) / ry;
    const pz = (z - cz) / rz;
    const near = Math.sqrt(px * px + py * py + pz * pz);
    const slope = Math.sqrt((px / rx) ** 2 + (py / ry) ** 2 + (pz / rz) ** 2);
    return slope === 0 ? -Math.min(rx, ry, rz) : (near * (near - 1)) / slope;
  };
}

/** The places along a quadratic Bezier curve, both ends included. */
export function curve(start: Vector, control: Vector, end: Vector, steps: number): Vector[] {
  return Array.from({ length: steps + 1 }, (_, n) => {
    const share = n / steps;
    return mix(mix(start, control, share), mix(control, end, share), share);
  });
}

/** From here on a distance may be less than the true one: no seam is rounded over so far. */
const farMm = 9;

/** A tube along a path, its radius changing evenly from one end to the other, with round ends. */
export function tube(path: readonly Vector[], startRadius: number, endRadius: number): Distance {
  const pieces = path.length - 1;
  const packed = new Float64Array(pieces * 7);
  for (let n = 0; n < pieces; n += 1) {
    const from = path[n]!;
    const along = subtract(path[n + 1]!, from);
    packed.set([...from, ...along, along[0] ** 2 + along[1] ** 2 + along[2] ** 2], n * 7);
  }
  const [cx, cy, cz] = mix(path[0]!, path[pieces]!, 0.5);
  const reach =
    Math.max(...path.map(([x, y, z]) => Math.hypot(x - cx, y - cy, z - cz))) + Math.max(startRadius, endRadius);
  return (x, y, z) => {
    const away = Math.sqrt((x - cx) ** 2 + (y - cy) ** 2 + (z - cz) ** 2) - reach;
    if (away > farMm) return away;
    let best = Number.POSITIVE_INFINITY;
    for (let n = 0, at = 0; n < pieces; n += 1, at += 7) {
      const px = x - packed[at]!;
      const py = y - packed[at + 1]!;
      const pz = z - packed[at + 2]!;
      const ax = packed[at + 3]!;
      const ay = packed[at + 4]!;
      const az = packed[at + 5]!;
      const share = Math.min(1, Math.max(0, (px * ax + py * ay + pz * az) / packed[at + 6]!));
      const gap = Math.sqrt((px - share * ax) ** 2 + (py - share * ay) ** 2 + (pz - share * az) ** 2);
      const radius = startRadius + ((endRadius - startRadius) * (n + share)) / pieces;
      if (gap - radius < best) best = gap - radius;
    }
    return best;
  };
}

/** The half space behind a plane. */
export function halfSpace(place: Vector, normal: Vector): Distance {
  const [nx, ny, nz] = normal;
  const level = place[0] * nx + place[1] * ny + place[2] * nz;
  return (x, y, z) => x * nx + y * ny + z * nz - level;
}

/** Union with the seams rounded over about `roundMm`. */
export function join(roundMm: number, first: Distance, ...others: readonly Distance[]): Distance {
  return (x, y, z) => {
    let result = first(x, y, z);
    for (const other of others) result = softMinimum(result, other(x, y, z), roundMm);
    return result;
  };
}

/** Intersection with the edge rounded over about `roundMm`. */
export function cut(roundMm: number, body: Distance, by: Distance): Distance {
  return (x, y, z) => -softMinimum(-body(x, y, z), -by(x, y, z), roundMm);
}

function softMinimum(a: number, b: number, round: number): number {
  const overlap = Math.max(0, round - Math.abs(a - b)) / round;
  return Math.min(a, b) - (overlap * overlap * round) / 4;
}

/** The direction of steepest growth (unit length): outward, on a surface. */
export function gradient(distance: Distance, [x, y, z]: Vector, step = 0.05): Vector {
  const gx = distance(x + step, y, z) - distance(x - step, y, z);
  const gy = distance(x, y + step, z) - distance(x, y - step, z);
  const gz = distance(x, y, z + step) - distance(x, y, z - step);
  const size = Math.sqrt(gx * gx + gy * gy + gz * gz) || 1;
  return [gx / size, gy / size, gz / size];
}

/** Moves a place that is near the surface onto it. */
export function ontoSurface(distance: Distance, place: Vector, rounds = 4): Vector {
  let [x, y, z] = place;
  for (let round = 0; round < rounds; round += 1) {
    const value = distance(x, y, z);
    if (Math.abs(value) < 1e-4) break;
    const way = gradient(distance, [x, y, z]);
    const slope = Math.max(0.5, (distance(x + way[0] * 0.1, y + way[1] * 0.1, z + way[2] * 0.1) - value) / 0.1);
    x -= (way[0] * value) / slope;
    y -= (way[1] * value) / slope;
    z -= (way[2] * value) / slope;
  }
  return [x, y, z];
}
