import { add, dot, scale, subtract, type Vector3 } from '../mesh/vector.ts';

/** Nine numbers, row by row. */
export type Rotation = readonly number[];

export const identity: Rotation = [1, 0, 0, 0, 1, 0, 0, 0, 1];

export const turned = (q: Rotation, [x, y, z]: Vector3): Vector3 => [
  q[0]! * x + q[1]! * y + q[2]! * z,
  q[3]! * x + q[4]! * y + q[5]! * z,
  q[6]! * x + q[7]! * y + q[8]! * z,
];

/** First `b`, then `a`. */
export function compose(a: Rotation, b: Rotation): Rotation {
  return a.map((_, at) => {
    const [row, column] = [at - (at % 3), at % 3];
    return a[row]! * b[column]! + a[row + 1]! * b[column + 3]! + a[row + 2]! * b[column + 6]!;
  });
}

export const inverse = (q: Rotation): Rotation => [q[0]!, q[3]!, q[6]!, q[1]!, q[4]!, q[7]!, q[2]!, q[5]!, q[8]!];

/** By how much a rotation turns, degrees. */
export function angleDegrees(q: Rotation): number {
  return (Math.acos(Math.min(1, Math.max(-1, (q[0]! + q[4]! + q[8]! - 1) / 2))) * 180) / Math.PI;
}

/**
 * The proper rotation Q that minimises the sum of |target - Q source|² (Horn 1987): the eigenvector of the largest
 * eigenvalue of a 4 x 4 matrix of the sums of products. Both sets are centred on their plain mean first.
 */
export function fitRotation(
  source: readonly Vector3[],
  target: readonly Vector3[],
): { readonly rotation: Rotation; readonly residual: number } {
  const [from, to] = [centred(source), centred(target)];
  const s = (i: number, j: number) => from.reduce((sum, m, k) => sum + m[i]! * to[k]![j]!, 0);
  const [xx, xy, xz] = [s(0, 0), s(0, 1), s(0, 2)];
  const [yx, yy, yz] = [s(1, 0), s(1, 1), s(1, 2)];
  const [zx, zy, zz] = [s(2, 0), s(2, 1), s(2, 2)];
  const [w, x, y, z] = largestEigenvector([
    [xx + yy + zz, yz - zy, zx - xz, xy - yx],
    [yz - zy, xx - yy - zz, xy + yx, zx + xz],
    [zx - xz, xy + yx, yy - xx - zz, yz + zy],
    [xy - yx, zx + xz, yz + zy, zz - xx - yy],
  ]) as [number, number, number, number];
  // biome-ignore format: a matrix
  const rotation = [
    w * w + x * x - y * y - z * z, 2 * (x * y - w * z),           2 * (x * z + w * y),
    2 * (x * y + w * z),           w * w - x * x + y * y - z * z, 2 * (y * z - w * x),
    2 * (x * z - w * y),           2 * (y * z + w * x),           w * w - x * x - y * y + z * z,
  ];
  const squares = from.map((m, k) => subtract(to[k]!, turned(rotation, m))).map((d) => dot(d, d));
  return { rotation, residual: Math.sqrt(squares.reduce((sum, d) => sum + d, 0) / squares.length) };
}

function centred(places: readonly Vector3[]): Vector3[] {
  const mean = scale(
    places.reduce((sum, place) => add(sum, place), [0, 0, 0] as Vector3),
    1 / places.length,
  );
  return places.map((place) => subtract(place, mean));
}

/** By Jacobi's rotations, of a symmetric matrix; unit length. */
function largestEigenvector(symmetric: readonly (readonly number[])[]): readonly number[] {
  const a = symmetric.map((row) => [...row]);
  const n = a.length;
  const vectors = a.map((_, i) => a.map((__, j) => (i === j ? 1 : 0)));
  for (let sweep = 0; sweep < 60; sweep++) {
    let off = 0;
    for (let i = 0; i < n; i++) for (let j = i + 1; j < n; j++) off += a[i]![j]! ** 2;
    if (off < 1e-30 * (1 + a.reduce((sum, row, i) => sum + row[i]! ** 2, 0))) break;
    for (let p = 0; p < n; p++) for (let q = p + 1; q < n; q++) if (a[p]![q] !== 0) rotate(a, vectors, p, q);
  }
  const values = a.map((row, i) => row[i]!);
  const best = values.indexOf(Math.max(...values));
  return vectors.map((row) => row[best]!);
}

function rotate(a: number[][], vectors: number[][], p: number, q: number): void {
  const theta = (a[q]![q]! - a[p]![p]!) / (2 * a[p]![q]!);
  const t = (theta >= 0 ? 1 : -1) / (Math.abs(theta) + Math.sqrt(theta * theta + 1));
  const c = 1 / Math.sqrt(t * t + 1);
  const s = t * c;
  for (let k = 0; k < a.length; k++)
    [a[k]![p], a[k]![q]] = [c * a[k]![p]! - s * a[k]![q]!, s * a[k]![p]! + c * a[k]![q]!];
  for (let k = 0; k < a.length; k++)
    [a[p]![k], a[q]![k]] = [c * a[p]![k]! - s * a[q]![k]!, s * a[p]![k]! + c * a[q]![k]!];
  for (const row of vectors) [row[p], row[q]] = [c * row[p]! - s * row[q]!, s * row[p]! + c * row[q]!];
}
