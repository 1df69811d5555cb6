import { glance, look } from '../look.ts';
import { doubledNormal } from './measure.ts';
import type { Surface, SurfaceOfMesh } from './surface.ts';
import { length } from './vector.ts';

/**
 * Makes vertices one that agree to a thousandth of a millimetre, the first being kept, and drops triangles that name a
 * vertex twice or have no area. Unused vertices stay. (local-ml/training/CONTRACT.md, 1.1)
 */
export function weld(surface: Surface): SurfaceOfMesh & { readonly placeOf: Uint32Array } {
  look();
  const { positionsMm: p, triangles } = surface;
  const placeOf = new Uint32Array(p.length / 3);
  const source: number[] = [];
  const known = new Map<string, number>();
  const rounded = (at: number) => Math.round(p[at]! * 1000) + 0;
  for (let vertex = 0; vertex < placeOf.length; vertex++) {
    glance(vertex);
    const key = `${rounded(3 * vertex)} ${rounded(3 * vertex + 1)} ${rounded(3 * vertex + 2)}`;
    const place = known.get(key) ?? source.push(vertex) - 1;
    known.set(key, place);
    placeOf[vertex] = place;
  }
  const positionsMm = new Float64Array(3 * source.length);
  for (const [at, vertex] of source.entries()) positionsMm.set(p.subarray(3 * vertex, 3 * vertex + 3), 3 * at);
  const kept: number[] = [];
  for (let t = 0; t + 2 < triangles.length; t += 3) {
    glance(t);
    const [a, b, c] = [placeOf[triangles[t]!], placeOf[triangles[t + 1]!], placeOf[triangles[t + 2]!]];
    if (a === undefined || b === undefined || c === undefined || a === b || b === c || a === c) continue;
    const one = { positionsMm, triangles: Uint32Array.of(a, b, c) };
    if (length(doubledNormal(one, 0)) > 0) kept.push(a, b, c);
  }
  return { positionsMm, triangles: Uint32Array.from(kept), sourceVertex: Uint32Array.from(source), placeOf };
}
