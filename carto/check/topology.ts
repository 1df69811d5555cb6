import type { Surface } from './geometry.ts';

export interface Topology {
  /** Edges of one triangle only: none where the surface is closed. */
  readonly boundaryEdges: number;
  /** Edges of more than two triangles: none where the surface is a surface everywhere. */
  readonly crowdedEdges: number;
  /** Edges that both their triangles run along in the same direction: none where all face the same side. */
  readonly turnedEdges: number;
  /** Used vertices minus edges plus triangles: 2 for a closed surface without handles, per piece. */
  readonly euler: number;
}

/** Counts edges by sorting them: memory is three numbers per triangle, whatever the mesh. */
export function topologyOf({ positionsMm, triangles }: Surface): Topology {
  const vertices = positionsMm.length / 3;
  const edges = sortedEdges(triangles, vertices);
  const counts = { boundaryEdges: 0, crowdedEdges: 0, turnedEdges: 0 };
  let distinct = 0;
  for (let at = 0; at < edges.length; ) {
    const edge = Math.floor((edges[at] as number) / 2);
    let forward = 0;
    let end = at;
    for (; end < edges.length && Math.floor((edges[end] as number) / 2) === edge; end++) {
      forward += (edges[end] as number) % 2;
    }
    const count = end - at;
    distinct++;
    if (count === 1) counts.boundaryEdges++;
    else if (count > 2) counts.crowdedEdges++;
    else if (forward !== 1) counts.turnedEdges++;
    at = end;
  }
  return { ...counts, euler: usedVertices(triangles, vertices) - distinct + triangles.length / 3 };
}

/** Each edge of each triangle as one number: which two vertices, and (odd) whether from the lower to the higher. */
function sortedEdges(triangles: Uint32Array, vertices: number): Float64Array {
  const edges = new Float64Array(triangles.length);
  for (let at = 0; at < triangles.length; at++) {
    const first = at - (at % 3);
    const from = triangles[at] as number;
    const to = triangles[first + ((at + 1) % 3)] as number;
    edges[at] = 2 * (Math.min(from, to) * vertices + Math.max(from, to)) + (from < to ? 1 : 0);
  }
  return edges.sort();
}

function usedVertices(triangles: Uint32Array, vertices: number): number {
  const used = new Uint8Array(vertices);
  for (const vertex of triangles) used[vertex] = 1;
  return used.reduce((total, one) => total + one, 0);
}
