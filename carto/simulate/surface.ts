import { type Distance, ontoSurface } from './distance.ts';
import { cornersOf, type Grid, makeWellComposed, sampleGrid } from './grid.ts';
import { finishMesh, type Mesh } from './mesh.ts';
import type { Vector } from './vector.ts';
import { vectorAt } from './vector.ts';

/**
 * The surface where `distance` is zero, as a closed, manifold, outward-facing mesh: surface nets on a well-composed
 * lattice (one vertex per cell that the surface crosses, one quad per lattice edge that it cuts), then evened out along
 * the surface. Smaller cells give more vertices; the box must contain the body with a cell to spare.
 */
export function meshSurface(distance: Distance, low: Vector, high: Vector, cellMm: number): Mesh {
  const grid = sampleGrid(distance, low, high, cellMm);
  makeWellComposed(grid);
  const net = placeVertices(grid);
  const quads = joinQuads(grid, net.vertexOfCell);
  const vertices = evenOut(distance, Float64Array.from(net.places), quads, 3);
  return finishMesh(vertices, splitQuads(vertices, quads));
}

// the twelve edges of a cell, as pairs of corner numbers
const cellEdges = [0, 1, 2].flatMap((axis) =>
  [0, 1, 2, 3, 4, 5, 6, 7].filter((n) => !(n & (1 << axis))).map((n) => [n, n | (1 << axis)] as const),
);

function placeVertices(grid: Grid): { places: number[]; vertexOfCell: Int32Array } {
  const { values, cellMm, low } = grid;
  const [nx, ny, nz] = grid.counts;
  const corners = cornersOf(grid);
  const vertexOfCell = new Int32Array(values.length).fill(-1);
  const places: number[] = [];
  for (let k = 0; k < nz - 1; k += 1) {
    for (let j = 0; j < ny - 1; j += 1) {
      for (let i = 0; i < nx - 1; i += 1) {
        const base = i + nx * (j + ny * k);
        const crossing = meanCrossing(values, base, corners);
        if (!crossing) continue;
        vertexOfCell[base] = places.length / 3;
        for (let axis = 0; axis < 3; axis += 1) {
          places.push(low[axis]! + cellMm * ([i, j, k][axis]! + crossing[axis]!));
        }
      }
    }
  }
  return { places, vertexOfCell };
}

function meanCrossing(values: Float64Array, base: number, corners: readonly number[]): Vector | undefined {
  const sum: [number, number, number] = [0, 0, 0];
  let count = 0;
  for (const [from, to] of cellEdges) {
    const a = values[base + corners[from]!]!;
    const b = values[base + corners[to]!]!;
    if (a < 0 === b < 0) continue;
    const share = a / (a - b);
    for (let axis = 0; axis < 3; axis += 1) {
      const start = (from >> axis) & 1;
      sum[axis]! += start + share * (((to >> axis) & 1) - start);
    }
    count += 1;
  }
  return count === 0 ? undefined : [sum[0] / count, sum[1] / count, sum[2] / count];
}

/** One quad around each lattice edge that leaves the body, counter-clockwise seen from outside. */
function joinQuads(grid: Grid, vertexOfCell: Int32Array): Uint32Array {
  const { values } = grid;
  const strides = [1, grid.counts[0], grid.counts[0] * grid.counts[1]] as const;
  const quads: number[] = [];
  for (let at = 0; at < values.length; at += 1) {
    for (let axis = 0; axis < 3; axis += 1) {
      const beyond = values[at + strides[axis]!];
      if (beyond === undefined || values[at]! < 0 === beyond < 0) continue;
      const second = strides[(axis + 1) % 3]!;
      const third = strides[(axis + 2) % 3]!;
      const around = [at - second - third, at - third, at, at - second].map((cell) => vertexOfCell[cell]!);
      quads.push(...(values[at]! < 0 ? around : around.reverse()));
    }
  }
  return Uint32Array.from(quads);
}

/** Moves vertices towards the mean of their neighbours, then back onto the surface: even triangles, same shape. */
function evenOut(distance: Distance, start: Float64Array, quads: Uint32Array, rounds: number): Float64Array {
  let places = start;
  for (let round = 0; round < rounds; round += 1) {
    const sums = new Float64Array(places.length);
    const counts = new Uint16Array(places.length / 3);
    for (let at = 0; at < quads.length; at += 1) {
      const vertex = quads[at]!;
      const next = quads[at % 4 === 3 ? at - 3 : at + 1]!;
      for (let axis = 0; axis < 3; axis += 1) sums[3 * vertex + axis]! += places[3 * next + axis]!;
      counts[vertex]! += 1;
    }
    const moved = new Float64Array(places.length);
    for (let n = 0; n < counts.length; n += 1) {
      const mean = vectorAt(sums, n).map((value, axis) => (value / counts[n]! + places[3 * n + axis]!) / 2);
      moved.set(ontoSurface(distance, mean as unknown as Vector, 2), 3 * n);
    }
    places = moved;
  }
  return places;
}

/** Two triangles per quad, along its shorter diagonal. */
function splitQuads(vertices: Float64Array, quads: Uint32Array): Uint32Array {
  const triangles = new Uint32Array((quads.length / 4) * 6);
  for (let at = 0, out = 0; at < quads.length; at += 4, out += 6) {
    const [a, b, c, d] = [quads[at]!, quads[at + 1]!, quads[at + 2]!, quads[at + 3]!];
    const alongFirst = squareGap(vertices, a, c) <= squareGap(vertices, b, d);
    triangles.set(alongFirst ? [a, b, c, a, c, d] : [b, c, d, b, d, a], out);
  }
  return triangles;
}

function squareGap(vertices: Float64Array, a: number, b: number): number {
  let sum = 0;
  for (let axis = 0; axis < 3; axis += 1) sum += (vertices[3 * a + axis]! - vertices[3 * b + axis]!) ** 2;
  return sum;
}
