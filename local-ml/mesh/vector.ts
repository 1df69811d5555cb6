export type Vector3 = readonly [x: number, y: number, z: number];

export const add = (a: Vector3, b: Vector3): Vector3 => [a[0] + b[0], a[1] + b[1], a[2] + b[2]];
export const subtract = (a: Vector3, b: Vector3): Vector3 => [a[0] - b[0], a[1] - b[1], a[2] - b[2]];
export const scale = (a: Vector3, by: number): Vector3 => [a[0] * by, a[1] * by, a[2] * by];
export const dot = (a: Vector3, b: Vector3): number => a[0] * b[0] + a[1] * b[1] + a[2] * b[2];
export const cross = (a: Vector3, b: Vector3): Vector3 => [
  a[1] * b[2] - a[2] * b[1],
  a[2] * b[0] - a[0] * b[2],
  a[0] * b[1] - a[1] * b[0],
];
export const length = (a: Vector3): number => Math.sqrt(dot(a, a));
export const distance = (a: Vector3, b: Vector3): number => length(subtract(a, b));
export const mix = (a: Vector3, b: Vector3, share: number): Vector3 => add(a, scale(subtract(b, a), share));

/** Unit length; the zero vector stays what it is. */
export function unit(a: Vector3): Vector3 {
  const size = length(a);
  return size > 0 ? scale(a, 1 / size) : a;
}

/** What is left of `a` when its part along the unit vector `axis` is taken away. */
export const across = (a: Vector3, axis: Vector3): Vector3 => subtract(a, scale(axis, dot(a, axis)));

/** The vector at index `at` of an array x y z x y z … */
export const vectorAt = (array: ArrayLike<number>, at: number): Vector3 => [
  array[3 * at]!,
  array[3 * at + 1]!,
  array[3 * at + 2]!,
];
