import type { Surface } from '../mesh/surface.ts';

/** A surface simple enough to be drawn, and which vertices of the whole one each of its vertices stands for. */
export interface CoarseSurface extends Surface {
  readonly members: readonly (readonly number[])[];
}

/** Vertices of one cell become one; triangles within a cell vanish. For drawing alone: nothing is measured on it. */
export function coarsen({ positionsMm: p, triangles }: Surface, cellMm: number): CoarseSurface {
  const cellOf = new Map<string, number>();
  const members: number[][] = [];
  const place = new Uint32Array(p.length / 3);
  for (let at = 0; at < place.length; at++) {
    const key = [0, 1, 2].map((axis) => Math.floor(p[3 * at + axis]! / cellMm)).join();
    const cell = cellOf.get(key) ?? members.push([]) - 1;
    cellOf.set(key, cell);
    members[cell]!.push(at);
    place[at] = cell;
  }
  const positionsMm = Float64Array.from(
    members.flatMap((own) => [0, 1, 2].map((axis) => own.reduce((sum, at) => sum + p[3 * at + axis]!, 0) / own.length)),
  );
  const kept = new Map<string, readonly number[]>();
  for (let t = 0; t < triangles.length; t += 3) {
    const corners = [place[triangles[t]!]!, place[triangles[t + 1]!]!, place[triangles[t + 2]!]!];
    if (new Set(corners).size === 3) kept.set([...corners].sort((a, b) => a - b).join(), corners);
  }
  return { positionsMm, triangles: Uint32Array.from([...kept.values()].flat()), members };
}
