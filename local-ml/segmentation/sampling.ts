import { look } from '../look.ts';
import type { Shell } from './shell.ts';

/** Points of a surface with their outward normals; 3 numbers each. */
export interface Points {
  readonly positions: Float64Array;
  readonly normals: Float64Array;
}

/** The numbers of a linear congruential generator of 32 bits, from 0 up to 1. */
function lcg(seed: number): () => number {
  let state = seed >>> 0;
  return () => {
    state = (Math.imul(state, 1664525) + 1013904223) >>> 0;
    return state / 4294967296;
  };
}

/** The same cloud for the same surface and seed: `candidates` spread over the area, of them `count` far from each other (CONTRACT.md, 2). */
export function sampleCloud(
  shell: Shell,
  { seed, candidates, count }: { readonly seed: number; readonly candidates: number; readonly count: number },
): Points {
  const drawn = drawCandidates(shell, seed, candidates);
  const chosen = farthestFirst(drawn.positions, count);
  const take = (values: Float64Array) =>
    Float64Array.from({ length: 3 * count }, (_, at) => values[3 * chosen[Math.floor(at / 3)]! + (at % 3)]!);
  return { positions: take(drawn.positions), normals: take(drawn.normals) };
}

function drawCandidates(
  { positionsMm, triangles, normals, areasMm2, areaMm2 }: Shell,
  seed: number,
  count: number,
): Points {
  const next = lcg(seed);
  const out = { positions: new Float64Array(3 * count), normals: new Float64Array(3 * count) };
  let triangle = 0;
  let cumulated = areasMm2[0]!;
  for (let i = 0; i < count; i++) {
    const [u1, u2, u3] = [next(), next(), next()];
    const wanted = ((i + u1) / count) * areaMm2;
    // Rises with i, so the search goes on from where it was.
    while (!(cumulated > wanted) && triangle < areasMm2.length - 1) cumulated += areasMm2[++triangle]!;
    const q = Math.sqrt(u2);
    const weights = [1 - q, q * (1 - u3), q * u3] as const;
    let size = 0;
    for (let axis = 0; axis < 3; axis++) {
      const mixed = (values: Float64Array) =>
        weights[0] * values[3 * triangles[3 * triangle]! + axis]! +
        weights[1] * values[3 * triangles[3 * triangle + 1]! + axis]! +
        weights[2] * values[3 * triangles[3 * triangle + 2]! + axis]!;
      out.positions[3 * i + axis] = mixed(positionsMm);
      out.normals[3 * i + axis] = mixed(normals);
      size += out.normals[3 * i + axis]! ** 2;
    }
    size = Math.sqrt(size);
    for (let at = 3 * i; at < 3 * i + 3; at++) out.normals[at] = size < 1e-12 ? 0 : out.normals[at]! / size;
  }
  return out;
}

/** Indices of points, each the farthest from those before it; the first is the farthest from the mean. */
export function farthestFirst(positions: Float64Array, count: number): Uint32Array {
  const n = positions.length / 3;
  const [x, y, z] = [0, 1, 2].map((axis) => new Float64Array(n).map((_, at) => positions[3 * at + axis]!)) as Axes;
  const squared = new Float64Array(n);
  const [mx, my, mz] = meanOfPoints(positions);
  let farthest = measure(squared.fill(Infinity), { x, y, z }, mx, my, mz);
  const chosen = new Uint32Array(count);
  squared.fill(Infinity);
  for (let k = 0; k < count; k++) {
    look();
    chosen[k] = farthest;
    farthest = measure(squared, { x, y, z }, x[farthest]!, y[farthest]!, z[farthest]!);
  }
  return chosen;
}

type Axes = [Float64Array, Float64Array, Float64Array];

/** Brings each squared distance down to that from a place; returns the first point that is farthest then. The inmost loop. */
function measure(
  squared: Float64Array,
  { x, y, z }: { readonly x: Float64Array; readonly y: Float64Array; readonly z: Float64Array },
  px: number,
  py: number,
  pz: number,
): number {
  let best = -1;
  let farthest = 0;
  for (let at = 0; at < squared.length; at++) {
    const dx = x[at]! - px;
    const dy = y[at]! - py;
    const dz = z[at]! - pz;
    const d2 = dx * dx + dy * dy + dz * dz;
    let least = squared[at]!;
    if (d2 < least) {
      least = d2;
      squared[at] = d2;
    }
    if (least > best) {
      best = least;
      farthest = at;
    }
  }
  return farthest;
}

export function meanOfPoints(positions: Float64Array): [number, number, number] {
  let [x, y, z] = [0, 0, 0];
  for (let at = 0; at < positions.length; at += 3) {
    x += positions[at]!;
    y += positions[at + 1]!;
    z += positions[at + 2]!;
  }
  const n = positions.length / 3;
  return [x / n, y / n, z / n];
}
