import FlatQueue from 'flatqueue';
import { glance, look } from '../look.ts';
import { bucketsOf, type HalfEdges, nextHalf, previousHalf } from './half-edges.ts';
import type { Surface } from './surface.ts';

/** Who can be reached from whom in one step: arcs of vertex v are those from starts[v] to starts[v+1]. */
export interface Graph {
  readonly starts: Uint32Array;
  readonly targets: Uint32Array;
  /** Length of each arc, mm. */
  readonly lengthsMm: Float64Array;
}

/**
 * The graph that geodesic distances are measured on: the edges of the surface, and across each inner edge the straight
 * line between the two corners that face it, laid flat, where that line crosses the edge. The diagonals take away most
 * of what a walk along edges is too long.
 */
export function graphOf(surface: Surface, { twin, isFirst, edges }: HalfEdges): Graph {
  look();
  const { positionsMm: p, triangles } = surface;
  const ends = new Uint32Array(4 * edges);
  const lengths = new Float64Array(2 * edges);
  let links = 0;
  const link = (a: number, b: number, mm: number) => {
    ends[2 * links] = a;
    ends[2 * links + 1] = b;
    lengths[links++] = mm;
  };
  for (let half = 0; half < twin.length; half++) {
    glance(half);
    if (!isFirst[half]) continue;
    const other = twin[half]!;
    const a = triangles[half]!;
    const b = triangles[nextHalf(half)]!;
    const edge = spanOf(p, a, b);
    link(a, b, edge);
    if (other < 0) continue;
    const c = triangles[previousHalf(half)]!;
    const d = triangles[previousHalf(other)]!;
    const flat = diagonalMm(edge, spanOf(p, a, c), spanOf(p, b, c), spanOf(p, a, d), spanOf(p, b, d));
    if (c !== d && flat >= 0) link(c, d, flat);
  }
  return arcsOf(p.length / 3, ends.subarray(0, 2 * links), lengths);
}

function spanOf(p: Float64Array, a: number, b: number): number {
  const dx = p[3 * a]! - p[3 * b]!;
  const dy = p[3 * a + 1]! - p[3 * b + 1]!;
  const dz = p[3 * a + 2]! - p[3 * b + 2]!;
  return Math.sqrt(dx * dx + dy * dy + dz * dz);
}

/** The distance between the tips of two triangles on both sides of an edge, laid flat; -1 where it misses the edge. */
function diagonalMm(edge: number, ac: number, bc: number, ad: number, bd: number): number {
  if (!(edge > 0)) return -1;
  const xc = (ac * ac - bc * bc + edge * edge) / (2 * edge);
  const xd = (ad * ad - bd * bd + edge * edge) / (2 * edge);
  const yc = Math.sqrt(Math.max(0, ac * ac - xc * xc));
  const yd = Math.sqrt(Math.max(0, ad * ad - xd * xd));
  if (!(yc + yd > 0)) return -1;
  const crossing = xc + ((xd - xc) * yc) / (yc + yd);
  return crossing >= 0 && crossing <= edge ? Math.sqrt((xc - xd) ** 2 + (yc + yd) ** 2) : -1;
}

/** Each pair of ends as two arcs. */
function arcsOf(vertices: number, ends: Uint32Array, lengths: Float64Array): Graph {
  look();
  const { starts, members } = bucketsOf(ends.length, vertices, (end) => ends[end]!);
  const targets = new Uint32Array(ends.length);
  const lengthsMm = new Float64Array(ends.length);
  for (let arc = 0; arc < members.length; arc++) {
    glance(arc);
    const end = members[arc]!;
    targets[arc] = ends[end % 2 === 0 ? end + 1 : end - 1]!;
    lengthsMm[arc] = lengths[Math.floor(end / 2)]!;
  }
  return { starts, targets, lengthsMm };
}

export interface WalkOptions {
  /** Nothing farther than this is visited; what is not reached is at Infinity. */
  readonly limitMm?: number;
  /** Vertices that may not be walked on. */
  readonly blocked?: (vertex: number) => boolean;
}

/** n, mm: the distance of each vertex to the nearest of the sources, along the surface (Dijkstra). */
export function geodesicMm(graph: Graph, sources: Iterable<number>, options: WalkOptions = {}): Float64Array {
  look();
  const { starts, targets, lengthsMm } = graph;
  const { limitMm = Infinity, blocked } = options;
  const distances = new Float64Array(starts.length - 1).fill(Infinity);
  const queue = new FlatQueue<number>();
  for (const source of sources) {
    if (distances[source] === 0) continue;
    distances[source] = 0;
    queue.push(source, 0);
  }
  for (let step = 1; queue.length > 0; step++) {
    glance(step);
    const reached = queue.peekValue()!;
    const vertex = queue.pop()!;
    if (reached > distances[vertex]!) continue;
    for (let arc = starts[vertex]!; arc < starts[vertex + 1]!; arc++) {
      const next = targets[arc]!;
      const far = reached + lengthsMm[arc]!;
      if (far >= distances[next]! || far > limitMm || blocked?.(next)) continue;
      distances[next] = far;
      queue.push(next, far);
    }
  }
  return distances;
}

/** The vertices within `limitMm` of one, with their distance, mm. Touches only what it reaches. */
export function geodesicNearMm(graph: Graph, source: number, limitMm: number): ReadonlyMap<number, number> {
  const { starts, targets, lengthsMm } = graph;
  const distances = new Map<number, number>([[source, 0]]);
  const queue = new FlatQueue<number>();
  queue.push(source, 0);
  while (queue.length > 0) {
    const reached = queue.peekValue()!;
    const vertex = queue.pop()!;
    if (reached > distances.get(vertex)!) continue;
    for (let arc = starts[vertex]!; arc < starts[vertex + 1]!; arc++) {
      const next = targets[arc]!;
      const far = reached + lengthsMm[arc]!;
      if (far > limitMm || far >= (distances.get(next) ?? Infinity)) continue;
      distances.set(next, far);
      queue.push(next, far);
    }
  }
  return distances;
}
