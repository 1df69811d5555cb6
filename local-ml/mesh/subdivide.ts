import { glance, look } from '../look.ts';
import type { Surface } from './surface.ts';

/** A surface of which every triangle was made four; its first vertices are those of the surface that it was made of. */
export interface Subdivided extends Surface {
  /** Two per new vertex: the ends of the edge whose middle it is. */
  readonly ends: Uint32Array;
}

/** Puts a vertex in the middle of each edge. The shape stays what it is: only walks along edges get nearer to straight. */
export function subdivide({ positionsMm, triangles }: Surface): Subdivided {
  look();
  const vertices = positionsMm.length / 3;
  const middleOf = new Map<number, number>();
  const ends: number[] = [];
  const positions = [...positionsMm];
  const middle = (a: number, b: number): number => {
    const key = Math.min(a, b) * vertices + Math.max(a, b);
    const known = middleOf.get(key);
    if (known !== undefined) return known;
    ends.push(Math.min(a, b), Math.max(a, b));
    for (let axis = 0; axis < 3; axis++) positions.push((positionsMm[3 * a + axis]! + positionsMm[3 * b + axis]!) / 2);
    const made = positions.length / 3 - 1;
    middleOf.set(key, made);
    return made;
  };
  const finer = new Uint32Array(4 * triangles.length);
  for (let t = 0; t < triangles.length; t += 3) {
    glance(t);
    const [a, b, c] = [triangles[t]!, triangles[t + 1]!, triangles[t + 2]!];
    const [ab, bc, ca] = [middle(a, b), middle(b, c), middle(c, a)];
    finer.set([a, ab, ca, ab, b, bc, ca, bc, c, ab, bc, ca], 4 * t);
  }
  return { positionsMm: Float64Array.from(positions), triangles: finer, ends: Uint32Array.from(ends) };
}

/** Labels of the finer surface: a middle takes that of its ends, where they differ the lower number. */
export function labelsOfSubdivided(labels: Uint8Array, { ends }: Subdivided): Uint8Array {
  const out = new Uint8Array(labels.length + ends.length / 2);
  out.set(labels);
  for (let at = 0; at < ends.length; at += 2)
    out[labels.length + at / 2] = Math.min(labels[ends[at]!]!, labels[ends[at + 1]!]!);
  return out;
}

/** Mean length of the edges, mm. */
export function meanEdgeMm({ positionsMm: p, triangles }: Surface): number {
  let sum = 0;
  for (let at = 0; at < triangles.length; at++) {
    const [a, b] = [3 * triangles[at]!, 3 * triangles[at % 3 === 2 ? at - 2 : at + 1]!];
    sum += Math.sqrt((p[a]! - p[b]!) ** 2 + (p[a + 1]! - p[b + 1]!) ** 2 + (p[a + 2]! - p[b + 2]!) ** 2);
  }
  return sum / triangles.length;
}
