import { add, cross, dot, scale, subtract, unit, type Vector, vectorAt } from './vector.ts';

/** A closed surface as it goes to the file: coordinates already rounded to the file's three decimals. */
export interface Mesh {
  /** x y z per vertex, mm. */
  readonly vertices: Float64Array;
  /** Three vertex numbers per triangle, counter-clockwise seen from outside. */
  readonly triangles: Uint32Array;
  readonly vertexNormals: Float64Array;
  readonly triangleNormals: Float64Array;
  readonly volumeMl: number;
}

/** Rounds the vertices to the file's precision and derives normals and volume from the rounded ones. */
export function finishMesh(rough: Float64Array, triangles: Uint32Array): Mesh {
  const vertices = rough.map((value) => Math.round(value * 1000) / 1000);
  const triangleNormals = new Float64Array(triangles.length);
  const sums = new Float64Array(vertices.length);
  let sixfold = 0;
  for (let at = 0; at < triangles.length; at += 3) {
    const corners = [vectorAt(vertices, triangles[at]!), vectorAt(vertices, triangles[at + 1]!)] as const;
    const third = vectorAt(vertices, triangles[at + 2]!);
    const doubleArea = cross(subtract(corners[1], corners[0]), subtract(third, corners[0]));
    triangleNormals.set(unit(doubleArea), at);
    for (let n = 0; n < 3; n += 1) {
      const vertex = triangles[at + n]!;
      sums.set(add(vectorAt(sums, vertex), doubleArea), vertex * 3);
    }
    sixfold += dot(corners[0], cross(corners[1], third));
  }
  const vertexNormals = new Float64Array(vertices.length);
  for (let n = 0; n < vertices.length / 3; n += 1) vertexNormals.set(unit(vectorAt(sums, n)), n * 3);
  return { vertices, triangles, vertexNormals, triangleNormals, volumeMl: sixfold / 6000 };
}

/** The vertices that share an edge with each vertex. */
export function neighboursOf(vertexCount: number, triangles: Uint32Array): readonly (readonly number[])[] {
  const sets: number[][] = Array.from({ length: vertexCount }, () => []);
  for (let at = 0; at < triangles.length; at += 3) {
    for (let n = 0; n < 3; n += 1) sets[triangles[at + n]!]!.push(triangles[at + ((n + 1) % 3)]!);
  }
  return sets;
}

/** The vertex nearest to a place. */
export function nearestVertex(mesh: Mesh, place: Vector): number {
  let best = 0;
  let bestSquare = Number.POSITIVE_INFINITY;
  const [x, y, z] = place;
  const { vertices } = mesh;
  for (let n = 0, at = 0; at < vertices.length; n += 1, at += 3) {
    const square = (vertices[at]! - x) ** 2 + (vertices[at + 1]! - y) ** 2 + (vertices[at + 2]! - z) ** 2;
    if (square < bestSquare) {
      bestSquare = square;
      best = n;
    }
  }
  return best;
}

/** Mean of all vertices. */
export function centreOf(mesh: Mesh): Vector {
  let sum: Vector = [0, 0, 0];
  const count = mesh.vertices.length / 3;
  for (let n = 0; n < count; n += 1) sum = add(sum, vectorAt(mesh.vertices, n));
  return scale(sum, 1 / count);
}
