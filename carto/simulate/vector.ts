/** A place or direction: x left, y superior, z anterior, in mm where it is a place. */
export type Vector = readonly [number, number, number];

export const add = (a: Vector, b: Vector): Vector => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vector, b: Vector): Vector => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vector, by: number): Vector => [a[0] * by, a[1] * by, a[2] * by];
export const dot = (a: Vector, b: Vector): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const length = (a: Vector): number => Math.sqrt(dot(a, a));
export const distanceBetween = (a: Vector, b: Vector): number => length(subtract(a, b));
export const unit = (a: Vector): Vector => scale(a, 1 / (length(a) || 1));
export const mix = (a: Vector, b: Vector, share: number): Vector => add(scale(a, 1 - share), scale(b, share));

export const cross = (a: Vector, b: Vector): Vector => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];

/** The n-th triple of a packed array. */
export const vectorAt = (packed: Float64Array, n: number): Vector => [
  packed[3 * n]!,
  packed[3 * n + 1]!,
  packed[3 * n + 2]!,
];

/** The part of `a` that is at right angles to the unit vector `axis`. */
export const across = (a: Vector, axis: Vector): Vector => subtract(a, scale(axis, dot(a, axis)));
