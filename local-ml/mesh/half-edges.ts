import { glance, look } from '../look.ts';
import type { Surface } from './surface.ts';

/** Half-edge `3t + k` runs from corner k of triangle t to its next corner. */
export interface HalfEdges {
  /** 3m: the half-edge that runs the other way along the same edge; `boundary` or `crowded` where there is no single one. */
  readonly twin: Int32Array;
  /** 3m: 1 for one half-edge of each edge, so that every edge can be visited once. */
  readonly isFirst: Uint8Array;
  readonly boundaryEdges: number;
  /** Edges of more than two triangles, or of two that run along it in the same direction. */
  readonly crowdedEdges: number;
  readonly edges: number;
}

export const boundary = -1;
export const crowded = -2;

/** The corner before, and the one after, in the same triangle. */
export const nextHalf = (half: number): number => (half % 3 === 2 ? half - 2 : half + 1);
export const previousHalf = (half: number): number => (half % 3 === 0 ? half + 2 : half - 1);

/** Pairs the half-edges of a surface: those that share their lower vertex stand in one bucket. */
export function halfEdgesOf({ positionsMm, triangles }: Surface): HalfEdges {
  look();
  const vertices = positionsMm.length / 3;
  const low = (half: number) => Math.min(triangles[half]!, triangles[nextHalf(half)]!);
  const high = (half: number) => Math.max(triangles[half]!, triangles[nextHalf(half)]!);
  const { starts, members } = bucketsOf(triangles.length, vertices, low);
  const twin = new Int32Array(triangles.length).fill(boundary);
  const isFirst = new Uint8Array(triangles.length);
  const seen = new Uint8Array(triangles.length);
  let [boundaryEdges, crowdedEdges, edges] = [0, 0, 0];
  for (let vertex = 0; vertex < vertices; vertex++) {
    glance(vertex);
    for (let i = starts[vertex]!; i < starts[vertex + 1]!; i++) {
      const half = members[i]!;
      if (seen[half]) continue;
      edges++;
      isFirst[half] = 1;
      const same = [half];
      for (let j = i + 1; j < starts[vertex + 1]!; j++) if (high(members[j]!) === high(half)) same.push(members[j]!);
      for (const one of same) seen[one] = 1;
      const [first, second] = same as [number, number?];
      if (same.length === 1) boundaryEdges++;
      else if (same.length === 2 && triangles[first] !== triangles[second!]) {
        twin[first] = second!;
        twin[second!] = first;
      } else {
        crowdedEdges++;
        for (const one of same) twin[one] = crowded;
      }
    }
  }
  return { twin, isFirst, boundaryEdges, crowdedEdges, edges };
}

/** Items 0 … count-1 sorted into buckets, each keeping the order: bucket b is members[starts[b] … starts[b+1]]. */
export function bucketsOf(
  count: number,
  buckets: number,
  bucketOf: (item: number) => number,
): { readonly starts: Uint32Array; readonly members: Uint32Array } {
  const starts = new Uint32Array(buckets + 1);
  for (let item = 0; item < count; item++) {
    glance(item);
    starts[bucketOf(item) + 1]!++;
  }
  for (let b = 0; b < buckets; b++) starts[b + 1]! += starts[b]!;
  const next = starts.slice();
  const members = new Uint32Array(count);
  for (let item = 0; item < count; item++) {
    glance(item);
    members[next[bucketOf(item)]!++] = item;
  }
  return { starts, members };
}
