import FlatQueue from 'flatqueue';
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
export function graphOf(surface: Surface, { twin, isFirst }: HalfEdges): Graph {
  const { positionsMm: p, triangles } = surface;
  const ends: number[] = [];
  const lengths: number[] = [];
  const span = (a: number, b: number) =>
    Math.sqrt(
      (p[3 * a]! - p[3 * b]!) ** 2 + (p[3 * a + 1]! - p[3 * b + 1]!) ** 2 + (p[3 * a + 2]! - p[3 * b + 2]!) ** 2,
    );
  for (let half = 0; half < twin.length; half++) {
    if (!isFirst[half]) continue;
    const other = twin[half]!;
    const [a, b] = [triangles[half]!, triangles[nextHalf(half)]!];
    ends.push(a, b);
    lengths.push(span(a, b));
    if (other < 0) continue;
    const [c, d] = [triangles[previousHalf(half)]!, triangles[previousHalf(other)]!];
    const flat = diagonalMm(span(a, b), [span(a, c), span(b, c)], [span(a, d), span(b, d)]);
    if (c === d || flat === undefined) continue;
    ends.push(c, d);
    lengths.push(flat);
  }
  return arcsOf(p.length / 3, ends, lengths);
}

/** The distance between the tips of two triangles on both sides of an edge, laid flat; undefined where it misses the edge. */
function diagonalMm(edge: number, [ac, bc]: [number, number], [ad, bd]: [number, number]): number | undefined {
  if (!(edge > 0)) return undefined;
  const along = (a: number, b: number) => (a * a - b * b + edge * edge) / (2 * edge);
  const [xc, xd] = [along(ac, bc), along(ad, bd)];
  const [yc, yd] = [Math.sqrt(Math.max(0, ac * ac - xc * xc)), Math.sqrt(Math.max(0, ad * ad - xd * xd))];
  if (!(yc + yd > 0)) return undefined;
  const crossing = xc + ((xd - xc) * yc) / (yc + yd);
  return crossing >= 0 && crossing <= edge ? Math.sqrt((xc - xd) ** 2 + (yc + yd) ** 2) : undefined;
}

/** Each pair of ends as two arcs. */
function arcsOf(vertices: number, ends: readonly number[], lengths: readonly number[]): Graph {
  const { starts, members } = bucketsOf(ends.length, vertices, (end) => ends[end]!);
  const targets = new Uint32Array(ends.length);
  const lengthsMm = new Float64Array(ends.length);
  for (let arc = 0; arc < members.length; arc++) {
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
  const { starts, targets, lengthsMm } = graph;
  const { limitMm = Infinity, blocked } = options;
  const distances = new Float64Array(starts.length - 1).fill(Infinity);
  const queue = new FlatQueue<number>();
  for (const source of sources) {
    if (distances[source] === 0) continue;
    distances[source] = 0;
    queue.push(source, 0);
  }
  while (queue.length > 0) {
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
