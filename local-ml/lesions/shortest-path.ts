import FlatQueue from 'flatqueue';
import type { Graph } from '../mesh/geodesic.ts';

export interface Journey {
  readonly sources: Iterable<number>;
  readonly isTarget: (vertex: number) => boolean;
  readonly isBlocked: (vertex: number) => boolean;
  /** What a millimetre that ends at a vertex costs. */
  readonly cost: (vertex: number) => number;
}

/** The cheapest way from a source to a target, as vertices; undefined where there is none (Dijkstra). */
export function shortestPath({ starts, targets, lengthsMm }: Graph, journey: Journey): number[] | undefined {
  const paid = new Float64Array(starts.length - 1).fill(Infinity);
  const from = new Int32Array(starts.length - 1).fill(-1);
  const queue = new FlatQueue<number>();
  for (const source of journey.sources) {
    paid[source] = 0;
    queue.push(source, 0);
  }
  while (queue.length > 0) {
    const price = queue.peekValue()!;
    const vertex = queue.pop()!;
    if (price > paid[vertex]!) continue;
    if (journey.isTarget(vertex)) {
      const path = [vertex];
      while (from[path.at(-1)!] !== -1) path.push(from[path.at(-1)!]!);
      return path.reverse();
    }
    for (let arc = starts[vertex]!; arc < starts[vertex + 1]!; arc++) {
      const next = targets[arc]!;
      if (journey.isBlocked(next) && !journey.isTarget(next)) continue;
      const sum = price + lengthsMm[arc]! * journey.cost(next);
      if (sum >= paid[next]!) continue;
      paid[next] = sum;
      from[next] = vertex;
      queue.push(next, sum);
    }
  }
  return undefined;
}
