import { glance } from '../look.ts';
import { type Vector3, vectorAt } from './vector.ts';

/** 3n: each of n vectors, mapped. */
export function mapPlaces(values: Float64Array, map: (value: Vector3) => Vector3): Float64Array {
  const out = new Float64Array(values.length);
  for (let at = 0; at < values.length / 3; at++) {
    glance(at);
    out.set(map(vectorAt(values, at)), 3 * at);
  }
  return out;
}
