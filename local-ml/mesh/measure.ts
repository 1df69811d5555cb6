import { glance } from '../look.ts';
import type { HalfEdges } from './half-edges.ts';
import { boundaryLoops } from './pieces.ts';
import type { Surface } from './surface.ts';
import { add, cross, dot, length, scale, subtract, type Vector3, vectorAt } from './vector.ts';

/** Twice the area of a triangle times its unit normal (right-hand rule), mm². */
export function doubledNormal({ positionsMm: p, triangles }: Surface, triangle: number): Vector3 {
  const [a, b, c] = [0, 1, 2].map((k) => vectorAt(p, triangles[3 * triangle + k]!)) as [Vector3, Vector3, Vector3];
  return cross(subtract(b, a), subtract(c, a));
}

/** m, mm². */
export function triangleAreasMm2(surface: Surface): Float64Array {
  return new Float64Array(surface.triangles.length / 3).map((_, t) => {
    glance(t);
    return length(doubledNormal(surface, t)) / 2;
  });
}

/** n, mm²: a third of the area of each triangle around a vertex. Sums to the area of the surface. */
export function vertexAreasMm2({ positionsMm, triangles }: Surface, areasMm2: Float64Array): Float64Array {
  const areas = new Float64Array(positionsMm.length / 3);
  for (let corner = 0; corner < triangles.length; corner++) {
    glance(corner);
    areas[triangles[corner]!]! += areasMm2[Math.floor(corner / 3)]! / 3;
  }
  return areas;
}

/** 3n, unit vectors that point outward where triangles run counter-clockwise: the area-weighted mean of the triangles'. */
export function vertexNormals(surface: Surface): Float64Array {
  const { positionsMm, triangles } = surface;
  const normals = new Float64Array(positionsMm.length);
  for (let t = 0; t < triangles.length / 3; t++) {
    const [x, y, z] = doubledNormal(surface, t);
    for (let k = 0; k < 3; k++) {
      const at = 3 * triangles[3 * t + k]!;
      normals[at]! += x;
      normals[at + 1]! += y;
      normals[at + 2]! += z;
    }
  }
  for (let at = 0; at < normals.length; at += 3) {
    const size = Math.sqrt(normals[at]! ** 2 + normals[at + 1]! ** 2 + normals[at + 2]! ** 2);
    if (size > 0) for (let k = 0; k < 3; k++) normals[at + k]! /= size;
  }
  return normals;
}

/**
 * The enclosed volume, ml, by the divergence theorem; each hole is closed by a fan around the mean of its rim. Positive
 * where triangles run counter-clockwise seen from outside.
 */
export function signedVolumeMl(surface: Surface, halfEdges: HalfEdges): number {
  const { positionsMm: p, triangles } = surface;
  const origin = vectorAt(p, 0);
  let sixfold = 0;
  const fan = (a: Vector3, b: Vector3, c: Vector3) => {
    sixfold += dot(subtract(a, origin), cross(subtract(b, origin), subtract(c, origin)));
  };
  for (let t = 0; t < triangles.length; t += 3) {
    glance(t);
    fan(vectorAt(p, triangles[t]!), vectorAt(p, triangles[t + 1]!), vectorAt(p, triangles[t + 2]!));
  }
  for (const loop of boundaryLoops(surface, halfEdges)) {
    const places = loop.map((vertex) => vectorAt(p, vertex));
    const middle = meanOf(places);
    for (const [at, place] of places.entries()) fan(places[(at + 1) % places.length]!, place, middle);
  }
  return sixfold / 6000;
}

export function meanOf(places: readonly Vector3[]): Vector3 {
  return scale(
    places.reduce((sum, place) => add(sum, place), [0, 0, 0] as Vector3),
    1 / Math.max(1, places.length),
  );
}

/** Lowest and highest coordinates. */
export function boundsOf(positionsMm: ArrayLike<number>): { readonly low: Vector3; readonly high: Vector3 } {
  const low: [number, number, number] = [Infinity, Infinity, Infinity];
  const high: [number, number, number] = [-Infinity, -Infinity, -Infinity];
  for (let at = 0; at < positionsMm.length; at++) {
    glance(at);
    low[at % 3] = Math.min(low[at % 3]!, positionsMm[at]!);
    high[at % 3] = Math.max(high[at % 3]!, positionsMm[at]!);
  }
  return { low, high };
}
