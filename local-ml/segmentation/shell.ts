import { glance } from '../look.ts';
import { boundary, type HalfEdges, halfEdgesOf, nextHalf } from '../mesh/half-edges.ts';
import { doubledNormal, triangleAreasMm2 } from '../mesh/measure.ts';
import type { Surface } from '../mesh/surface.ts';
import { cross, distance, dot, length, subtract, type Vector3, vectorAt } from '../mesh/vector.ts';

/** A welded surface with what the models look at (CONTRACT.md, 1). */
export interface Shell extends Surface {
  readonly halfEdges: HalfEdges;
  /** m, mm². */
  readonly areasMm2: Float64Array;
  readonly areaMm2: number;
  /** 3n, outward whichever way the triangles run. */
  readonly normals: Float64Array;
  /** Middles of the edges of holes with a perimeter of 15 mm or more. */
  readonly rims: readonly { readonly placeMm: Vector3; readonly perimeterMm: number }[];
}

const leastPerimeterMm = 15;

/** What is known of a surface that was welded. */
export function shellOf(surface: Surface, halfEdges: HalfEdges = halfEdgesOf(surface)): Shell {
  const areasMm2 = triangleAreasMm2(surface);
  let areaMm2 = 0;
  for (const area of areasMm2) areaMm2 += area;
  return {
    ...{ positionsMm: surface.positionsMm, triangles: surface.triangles, halfEdges, areasMm2, areaMm2 },
    normals: outwardNormals(surface),
    rims: rimsOf(surface, halfEdges),
  };
}

function outwardNormals(surface: Surface): Float64Array {
  const { positionsMm, triangles } = surface;
  const normals = new Float64Array(positionsMm.length);
  for (let t = 0; t < triangles.length / 3; t++) {
    glance(t);
    const [x, y, z] = doubledNormal(surface, t);
    for (let k = 0; k < 3; k++) {
      const at = 3 * triangles[3 * t + k]!;
      normals[at]! += x;
      normals[at + 1]! += y;
      normals[at + 2]! += z;
    }
  }
  const sign = volumeAboutMean(surface) < 0 ? -1 : 1;
  for (let at = 0; at < normals.length; at += 3) {
    glance(at);
    const size = length([normals[at]!, normals[at + 1]!, normals[at + 2]!]);
    for (let k = 0; k < 3; k++) normals[at + k] = size < 1e-12 ? 0 : (sign * normals[at + k]!) / size;
  }
  return normals;
}

function volumeAboutMean({ positionsMm, triangles }: Surface): number {
  const used = new Uint8Array(positionsMm.length / 3);
  for (const vertex of triangles) used[vertex] = 1;
  let [count, x, y, z] = [0, 0, 0, 0];
  for (let at = 0; at < used.length; at++) {
    if (!used[at]) continue;
    count++;
    x += positionsMm[3 * at]!;
    y += positionsMm[3 * at + 1]!;
    z += positionsMm[3 * at + 2]!;
  }
  const mean: Vector3 = [x / count, y / count, z / count];
  let sixfold = 0;
  for (let t = 0; t < triangles.length; t += 3) {
    glance(t);
    const [a, b, c] = [0, 1, 2].map((k) => subtract(vectorAt(positionsMm, triangles[t + k]!), mean));
    sixfold += dot(a!, cross(b!, c!));
  }
  return sixfold / 6;
}

/** Edges of one triangle only; those that share a vertex are one rim. */
function rimsOf({ positionsMm, triangles }: Surface, { twin }: HalfEdges): Shell['rims'] {
  const parent = new Map<number, number>();
  const rootOf = (vertex: number): number => {
    let at = vertex;
    while (parent.get(at) !== at) at = parent.get(at)!;
    return at;
  };
  const edges: (readonly [number, number])[] = [];
  for (let half = 0; half < twin.length; half++) {
    glance(half);
    if (twin[half] !== boundary) continue;
    const edge = [triangles[half]!, triangles[nextHalf(half)]!] as const;
    edges.push(edge);
    for (const vertex of edge) if (!parent.has(vertex)) parent.set(vertex, vertex);
    const [a, b] = edge.map(rootOf) as [number, number];
    parent.set(Math.max(a, b), Math.min(a, b));
  }
  const perimeters = new Map<number, number>();
  const spanOf = ([a, b]: readonly [number, number]) => distance(vectorAt(positionsMm, a), vectorAt(positionsMm, b));
  for (const edge of edges) perimeters.set(rootOf(edge[0]), (perimeters.get(rootOf(edge[0])) ?? 0) + spanOf(edge));
  return edges.flatMap(([a, b]) => {
    const perimeterMm = perimeters.get(rootOf(a))!;
    if (perimeterMm < leastPerimeterMm) return [];
    const [p, q] = [vectorAt(positionsMm, a), vectorAt(positionsMm, b)];
    return [{ placeMm: [(p[0] + q[0]) / 2, (p[1] + q[1]) / 2, (p[2] + q[2]) / 2] as const, perimeterMm }];
  });
}
