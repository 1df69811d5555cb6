import FlatQueue from 'flatqueue';
import { glance, look } from '../look.ts';
import type { Graph } from '../mesh/geodesic.ts';

export interface WidestPath {
  /** The room at its narrowest place. */
  readonly room: number;
  /** The arc of the graph that is that place. */
  readonly arc: number;
  /** Vertices from a source to a sink. */
  readonly vertices: readonly number[];
}

export interface Crossing {
  readonly sources: Iterable<number>;
  readonly isSink: (vertex: number) => boolean;
  readonly isBlocked?: (vertex: number) => boolean;
}

/**
 * The path from a source to a sink whose narrowest place is as wide as can be (Dijkstra with *least along the path* in
 * place of the sum and *greatest* in place of least). Undefined where there is no path at all.
 */
export function widestPath(graph: Graph, room: Float64Array, crossing: Crossing): WidestPath | undefined {
  look();
  const { starts, targets } = graph;
  const { isSink, isBlocked } = crossing;
  const widest = new Float64Array(starts.length - 1).fill(-1);
  const cameBy = new Int32Array(starts.length - 1).fill(-1);
  const cameFrom = new Int32Array(starts.length - 1).fill(-1);
  const queue = new FlatQueue<number>();
  for (const source of crossing.sources) {
    if (isBlocked?.(source)) continue;
    widest[source] = Infinity;
    queue.push(source, -Infinity);
  }
  for (let step = 1; queue.length > 0; step++) {
    glance(step);
    const width = -queue.peekValue()!;
    const vertex = queue.pop()!;
    if (width < widest[vertex]!) continue;
    if (isSink(vertex)) return trace(vertex, { room, cameBy, cameFrom });
    for (let arc = starts[vertex]!; arc < starts[vertex + 1]!; arc++) {
      const next = targets[arc]!;
      const through = Math.min(width, room[arc]!);
      if (through <= widest[next]! || isBlocked?.(next)) continue;
      widest[next] = through;
      cameBy[next] = arc;
      cameFrom[next] = vertex;
      queue.push(next, -through);
    }
  }
  return undefined;
}

function trace(
  sink: number,
  {
    room,
    cameBy,
    cameFrom,
  }: { readonly room: Float64Array; readonly cameBy: Int32Array; readonly cameFrom: Int32Array },
): WidestPath {
  const vertices = [sink];
  let narrowest = -1;
  for (let at = sink; cameBy[at] !== -1; at = cameFrom[at]!) {
    const arc = cameBy[at]!;
    if (narrowest === -1 || room[arc]! < room[narrowest]!) narrowest = arc;
    vertices.push(cameFrom[at]!);
  }
  return { room: narrowest === -1 ? Infinity : room[narrowest]!, arc: narrowest, vertices: vertices.reverse() };
}
