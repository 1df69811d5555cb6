import { glance } from '../look.ts';
import { boundary, type HalfEdges, nextHalf } from './half-edges.ts';
import type { Surface } from './surface.ts';

export interface Pieces {
  /** m: which piece each triangle belongs to; pieces are numbered by their lowest triangle. */
  readonly pieceOf: Int32Array;
  readonly count: number;
}

/** Triangles that hang together over shared vertices. */
export function piecesOf({ positionsMm, triangles }: Surface): Pieces {
  const parent = new Int32Array(positionsMm.length / 3).map((_, at) => at);
  const rootOf = (vertex: number): number => {
    let at = vertex;
    while (parent[at] !== at) {
      parent[at] = parent[parent[at]!]!;
      at = parent[at]!;
    }
    return at;
  };
  for (let t = 0; t < triangles.length; t += 3) {
    glance(t);
    for (const other of [triangles[t + 1]!, triangles[t + 2]!]) {
      const [a, b] = [rootOf(triangles[t]!), rootOf(other)];
      if (a !== b) parent[Math.max(a, b)] = Math.min(a, b);
    }
  }
  const number = new Map<number, number>();
  const pieceOf = new Int32Array(triangles.length / 3);
  for (let t = 0; t < pieceOf.length; t++) {
    const root = rootOf(triangles[3 * t]!);
    if (!number.has(root)) number.set(root, number.size);
    pieceOf[t] = number.get(root)!;
  }
  return { pieceOf, count: number.size };
}

/** The rims of a surface's holes: each a closed walk over vertices, in the direction of the surface beside it. */
export function boundaryLoops({ triangles }: Surface, { twin }: HalfEdges): readonly (readonly number[])[] {
  const leaving = new Map<number, number[]>();
  for (let half = 0; half < twin.length; half++) {
    if (twin[half] !== boundary) continue;
    const from = triangles[half]!;
    const others = leaving.get(from);
    if (others) others.push(half);
    else leaving.set(from, [half]);
  }
  const loops: number[][] = [];
  for (const start of leaving.keys()) {
    for (;;) {
      const loop: number[] = [];
      let vertex = start;
      for (let half = leaving.get(vertex)?.pop(); half !== undefined; half = leaving.get(vertex)?.pop()) {
        loop.push(vertex);
        vertex = triangles[nextHalf(half)]!;
      }
      if (loop.length === 0) break;
      loops.push(loop);
    }
  }
  return loops;
}
