import type { Distance } from './distance.ts';
import type { Vector } from './vector.ts';

/** Distances at the corners of a regular lattice; x runs fastest. */
export interface Grid {
  readonly counts: Vector;
  readonly cellMm: number;
  readonly low: Vector;
  readonly values: Float64Array;
}

/** Samples a distance over a box. The box must reach past the body on every side. */
export function sampleGrid(distance: Distance, low: Vector, high: Vector, cellMm: number): Grid {
  const counts = [0, 1, 2].map((axis) => Math.ceil((high[axis]! - low[axis]!) / cellMm) + 1);
  const [nx, ny, nz] = counts as unknown as Vector;
  const values = new Float64Array(nx * ny * nz);
  let at = 0;
  for (let k = 0; k < nz; k += 1) {
    for (let j = 0; j < ny; j += 1) {
      for (let i = 0; i < nx; i += 1) {
        values[at] = distance(low[0] + i * cellMm, low[1] + j * cellMm, low[2] + k * cellMm);
        at += 1;
      }
    }
  }
  return { counts: [nx, ny, nz], cellMm, low, values };
}

/**
 * Fills corners until the inside is well-composed (no two inside corners that touch only across a face or cell
 * diagonal while the others are outside, nor the reverse). The surface between inside and outside is then a closed
 * 2-manifold whatever the shape. Only ever turns outside into inside, so it ends. Returns the corners it filled.
 */
export function makeWellComposed(grid: Grid): number {
  const cubes = cornersOf(grid);
  const { values } = grid;
  const [nx, ny, nz] = grid.counts;
  const filled = -0.05 * grid.cellMm;
  let total = 0;
  for (let changed = true; changed; ) {
    changed = false;
    for (let k = 0; k < nz - 1; k += 1) {
      for (let j = 0; j < ny - 1; j += 1) {
        for (let i = 0; i < nx - 1; i += 1) {
          const base = i + nx * (j + ny * k);
          for (const corner of cornersToFill(values, base, cubes)) {
            if (values[base + corner]! < 0) continue;
            values[base + corner] = filled;
            total += 1;
            changed = true;
          }
        }
      }
    }
  }
  return total;
}

/** Offsets of a cell's eight corners: bit 0 of the corner's number is x, bit 1 y, bit 2 z. */
export function cornersOf(grid: Grid): readonly number[] {
  const [nx, ny] = grid.counts;
  return [0, 1, 2, 3, 4, 5, 6, 7].map((bits) => (bits & 1) + nx * (((bits >> 1) & 1) + ny * (bits >> 2)));
}

// each face as [a, b, c, d] with a-d and b-c its diagonals
const faces = [
  [0, 1, 2, 3],
  [4, 5, 6, 7],
  [0, 1, 4, 5],
  [2, 3, 6, 7],
  [0, 2, 4, 6],
  [1, 3, 5, 7],
] as const;
// one inside diagonal of the cell, the other six outside, and the reverse
const thinDiagonals = new Set([0x81, 0x42, 0x24, 0x18, 0x7e, 0xbd, 0xdb, 0xe7]);
const none: readonly number[] = [];

function cornersToFill(values: Float64Array, base: number, cubes: readonly number[]): readonly number[] {
  let inside = 0;
  for (let n = 0; n < 8; n += 1) if (values[base + cubes[n]!]! < 0) inside |= 1 << n;
  if (inside === 0 || inside === 255) return none;
  if (thinDiagonals.has(inside)) return cubes;
  const is = (n: number) => (inside >> n) & 1;
  for (const face of faces) {
    const [a, b, c, d] = face;
    if (is(a) === is(d) && is(b) === is(c) && is(a) !== is(b)) return face.map((n) => cubes[n]!);
  }
  return none;
}
