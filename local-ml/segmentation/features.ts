import FlatQueue from 'flatqueue';
import { look } from '../look.ts';
import { meanOfPoints, type Points } from './sampling.ts';
import type { Shell } from './shell.ts';

/** What the model sees of a cloud: points, their graphs, and the columns that no rotation changes (CONTRACT.md, 4). */
export interface Invariants {
  readonly centre: readonly [number, number, number];
  /** Columns 6 to 14, one after the other, each as long as the cloud. */
  readonly columns: readonly Float64Array[];
}

export const featureColumns = 15;

export function invariantsOf(
  shell: Shell,
  { positions, normals }: Points,
  { nbr, neighbours, landmarks }: { readonly nbr: Int32Array; readonly neighbours: number; readonly landmarks: number },
): Invariants {
  const count = positions.length / 3;
  const centre = meanOfPoints(positions);
  const column = () => new Float64Array(count);
  const [offset, radius, around, hops, size, rim, loop, curvature, wide] = Array.from({ length: 9 }, column) as Columns;
  walls({ positions, normals }, radius, wide);
  const hopsMm = hopsOf({ positions, normals }, nbr, neighbours, landmarks);
  const meanHops = hopsMm.reduce((sum, mm) => sum + mm, 0) / count;
  for (let i = 0; i < count; i++) {
    const [x, y, z] = [
      positions[3 * i]! - centre[0],
      positions[3 * i + 1]! - centre[1],
      positions[3 * i + 2]! - centre[2],
    ];
    offset[i] = Math.sqrt(x * x + y * y + z * z) / 40;
    for (let k = 0; k < neighbours; k++) around[i]! += radius[nbr[i * neighbours + k]!]! / neighbours;
    hops[i] = (hopsMm[i]! - meanHops) / 40;
    size[i] = Math.sqrt(shell.areaMm2) / 120;
    curvature[i] = curvatureAt({ positions, normals }, i, nbr.subarray(i * neighbours + 1, (i + 1) * neighbours));
  }
  nearRims(shell, positions, rim, loop);
  return { centre, columns: [offset, radius, around, hops, size, rim, loop, curvature, wide] };
}

type Columns = [
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
  Float64Array,
];

/** Column 7, the medial radius, and 14, how the points within 15 mm lie to the tangent plane. The inmost loop. */
function walls({ positions: p, normals: n }: Points, radius: Float64Array, wide: Float64Array): void {
  const count = radius.length;
  for (let i = 0; i < count; i++) {
    look();
    const x = p[3 * i]!;
    const y = p[3 * i + 1]!;
    const z = p[3 * i + 2]!;
    const nx = n[3 * i]!;
    const ny = n[3 * i + 1]!;
    const nz = n[3 * i + 2]!;
    let least = 30;
    let total = 0;
    let near = 0;
    for (let j = 0, at = 0; j < count; j++, at += 3) {
      const dx = p[at]! - x;
      const dy = p[at + 1]! - y;
      const dz = p[at + 2]! - z;
      const inward = -(nx * dx + ny * dy + nz * dz);
      const far = Math.sqrt(dx * dx + dy * dy + dz * dz);
      if (far < 15) {
        total += inward;
        near++;
      }
      if (j === i || far === 0) continue;
      const cosine = inward / far;
      if (cosine >= 0.5 && far < 2 * cosine * least) least = Math.min(least, far / (2 * cosine));
    }
    radius[i] = least / 15;
    wide[i] = total / near / 15;
  }
}

/** Column 13. */
function curvatureAt({ positions: p, normals: n }: Points, i: number, others: Int32Array): number {
  let total = 0;
  for (const j of others) {
    const [dx, dy, dz] = [p[3 * i]! - p[3 * j]!, p[3 * i + 1]! - p[3 * j + 1]!, p[3 * i + 2]! - p[3 * j + 2]!];
    const d2 = dx * dx + dy * dy + dz * dz;
    if (d2 > 0) total += (10 * (n[3 * i]! * dx + n[3 * i + 1]! * dy + n[3 * i + 2]! * dz)) / d2;
  }
  return Math.min(3, Math.max(-3, total / others.length));
}

/** Mean over the landmarks of the distance along the cloud, capped at 200 mm. */
function hopsOf(
  { positions: p, normals: n }: Points,
  nbr: Int32Array,
  neighbours: number,
  landmarks: number,
): Float64Array {
  const count = p.length / 3;
  const arcs = arcsOf({ positions: p, normals: n }, nbr, neighbours);
  const mean = new Float64Array(count);
  const far = new Float64Array(count);
  const queue = new FlatQueue<number>();
  for (let landmark = 0; landmark < landmarks; landmark++) {
    look();
    far.fill(Infinity);
    far[landmark] = 0;
    queue.push(landmark, 0);
    while (queue.length > 0) {
      const reached = queue.peekValue()!;
      const at = queue.pop()!;
      if (reached > far[at]!) continue;
      const { ends, lengths } = arcs[at]!;
      for (let k = 0; k < ends.length; k++) {
        const way = reached + lengths[k]!;
        if (way >= far[ends[k]!]!) continue;
        far[ends[k]!] = way;
        queue.push(ends[k]!, way);
      }
    }
    for (let at = 0; at < count; at++) mean[at]! += Math.min(far[at]!, 200) / landmarks;
  }
  return mean;
}

/** Neighbours in either direction whose normals do not face away from each other: not through a thin wall. */
function arcsOf({ positions: p, normals: n }: Points, nbr: Int32Array, neighbours: number) {
  const arcs = Array.from({ length: p.length / 3 }, () => ({ ends: [] as number[], lengths: [] as number[] }));
  for (let i = 0; i < arcs.length; i++) {
    for (let k = 1; k < neighbours; k++) {
      const j = nbr[i * neighbours + k]!;
      const along = n[3 * i]! * n[3 * j]! + n[3 * i + 1]! * n[3 * j + 1]! + n[3 * i + 2]! * n[3 * j + 2]!;
      if (!(along > -0.2)) continue;
      const [dx, dy, dz] = [p[3 * i]! - p[3 * j]!, p[3 * i + 1]! - p[3 * j + 1]!, p[3 * i + 2]! - p[3 * j + 2]!];
      const length = Math.sqrt(dx * dx + dy * dy + dz * dz);
      for (const [a, b] of [
        [i, j],
        [j, i],
      ] as const) {
        arcs[a]!.ends.push(b);
        arcs[a]!.lengths.push(length);
      }
    }
  }
  return arcs;
}

/** Columns 11 and 12: how near the rim of a hole is, and how long that rim. */
function nearRims({ rims }: Shell, p: Float64Array, rim: Float64Array, loop: Float64Array): void {
  if (rims.length === 0) return;
  for (let i = 0; i < rim.length; i++) {
    let least = Infinity;
    let perimeter = 0;
    for (const { placeMm, perimeterMm } of rims) {
      const [dx, dy, dz] = [placeMm[0] - p[3 * i]!, placeMm[1] - p[3 * i + 1]!, placeMm[2] - p[3 * i + 2]!];
      const d2 = dx * dx + dy * dy + dz * dz;
      if (d2 >= least) continue;
      least = d2;
      perimeter = perimeterMm;
    }
    rim[i] = 1 - Math.min(Math.sqrt(least), 20) / 20;
    loop[i] = rim[i]! > 0 ? Math.min(perimeter, 200) / 100 : 0;
  }
}

/** The tensor of a cloud under a rotation (row by row, three by three): points and normals turned, the rest as it is. */
export function featuresOf(
  { positions, normals }: Points,
  { centre, columns }: Invariants,
  turn: readonly number[],
): Float32Array {
  look();
  const count = positions.length / 3;
  const x = new Float32Array(count * featureColumns);
  for (let i = 0; i < count; i++) {
    const p = [positions[3 * i]! - centre[0], positions[3 * i + 1]! - centre[1], positions[3 * i + 2]! - centre[2]];
    for (let row = 0; row < 3; row++) {
      const [a, b, c] = [turn[3 * row]!, turn[3 * row + 1]!, turn[3 * row + 2]!];
      x[i * featureColumns + row] = (a * p[0]! + b * p[1]! + c * p[2]!) / 40;
      x[i * featureColumns + 3 + row] = a * normals[3 * i]! + b * normals[3 * i + 1]! + c * normals[3 * i + 2]!;
    }
    for (const [k, column] of columns.entries()) x[i * featureColumns + 6 + k] = column[i]!;
  }
  return x;
}
