import type { Mesh } from '../../carto/index.ts';

/**
 * A triangulated surface in millimetres, in the frame LPS (x to the patient's left, y to the back, z to the head).
 * n vertices, m triangles; every vertex belongs to a triangle.
 */
export interface Surface {
  /** 3n: x y z x y z … */
  readonly positionsMm: Float64Array;
  /** 3m, indices of vertices, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
}

/** A surface and where its vertices stand in the mesh that it was made of. */
export interface SurfaceOfMesh extends Surface {
  /** n: the mesh's vertex of each vertex. */
  readonly sourceVertex: Uint32Array;
}

/** Turns CARTO's frame (x left, y to the head, z to the front) into LPS: a quarter turn, no reflection. */
export function lpsOf(x: number, y: number, z: number): readonly [number, number, number] {
  return [x, 0 - z, y];
}

/** The visible triangles of a mesh in LPS: hidden groups and vertices of no triangle are left out. */
export function surfaceOf(mesh: Pick<Mesh, 'positionsMm' | 'triangles' | 'triangleGroups'>): SurfaceOfMesh {
  const { positionsMm: p, triangles, triangleGroups } = mesh;
  const positionsMm = new Float64Array(p.length);
  for (let at = 0; at < p.length; at += 3) positionsMm.set(lpsOf(p[at]!, p[at + 1]!, p[at + 2]!), at);
  return partOf({ positionsMm, triangles }, (triangle) => (triangleGroups[triangle] ?? 0) >= 0);
}

/** The part of a surface that some of its triangles make up. */
export function partOf(surface: Surface, wanted: (triangle: number) => boolean): SurfaceOfMesh {
  const { positionsMm: p, triangles } = surface;
  const placeOf = new Int32Array(p.length / 3).fill(-1);
  const source: number[] = [];
  const kept: number[] = [];
  for (let t = 0; t < triangles.length / 3; t++) {
    if (!wanted(t)) continue;
    for (let k = 0; k < 3; k++) {
      const vertex = triangles[3 * t + k]!;
      if (placeOf[vertex] === -1) placeOf[vertex] = source.push(vertex) - 1;
      kept.push(placeOf[vertex]!);
    }
  }
  const positionsMm = new Float64Array(3 * source.length);
  for (const [at, vertex] of source.entries()) positionsMm.set(p.subarray(3 * vertex, 3 * vertex + 3), 3 * at);
  return { positionsMm, triangles: Uint32Array.from(kept), sourceVertex: Uint32Array.from(source) };
}
