import type { Graph } from '../mesh/geodesic.ts';
import type { Surface } from '../mesh/surface.ts';
import { add, distance, dot, scale, subtract, type Vector3, vectorAt } from '../mesh/vector.ts';
import type { Barrier, Clearance } from './clearance.ts';
import { type Crossing, widestPath } from './widest-path.ts';

/** A place where a line of lesions leaves room. */
export interface Opening {
  readonly placeMm: Vector3;
  /** Vertex of the surface beside it. */
  readonly vertex: number;
  /** Half the free width in radii of the lesions beside it; 1 is the distance of two neighbours that just touch. */
  readonly room: number;
  /** Numbers of the barriers on both sides of it; one only where nothing is on the other side. */
  readonly between: readonly number[];
}

export interface OpeningSearch {
  readonly surface: Surface;
  readonly graph: Graph;
  readonly barriers: readonly Barrier[];
  readonly clearance: Clearance;
  readonly crossing: Crossing;
  /** Radius of a lesion on target, mm. */
  readonly radiusMm: number;
  /** Openings with no more room than this end the search. */
  readonly above: number;
  readonly most?: number;
}

/**
 * All openings of a line, the widest first: the widest path across it, then the widest one that does not use a place
 * found before, and so on. Also returns the room of the path that ended the search: what is left of a closed line.
 */
export function findOpenings(search: OpeningSearch): { readonly openings: readonly Opening[]; readonly rest: number } {
  const { surface, graph, clearance, crossing, radiusMm, above, most = 12 } = search;
  const plugged = new Uint8Array(surface.positionsMm.length / 3);
  const isBlocked = (vertex: number) => plugged[vertex] === 1 || (crossing.isBlocked?.(vertex) ?? false);
  const openings: Opening[] = [];
  for (;;) {
    const path = widestPath(graph, clearance.room, { ...crossing, isBlocked });
    const room = path?.room ?? 0;
    if (!path || room <= above || openings.length === most) return { openings, rest: room };
    const opening = openingAt(search, path.arc, room);
    openings.push(opening);
    plug(plugged, surface, opening.placeMm, Math.max(4, radiusMm * Math.min(room, 4) * 1.05));
    if (path.arc === -1) return { openings, rest: room };
  }
}

function plug(plugged: Uint8Array, { positionsMm }: Surface, placeMm: Vector3, radiusMm: number): void {
  for (let at = 0; at < plugged.length; at++) {
    if (Math.abs(positionsMm[3 * at]! - placeMm[0]) >= radiusMm) continue;
    if (distance(vectorAt(positionsMm, at), placeMm) < radiusMm) plugged[at] = 1;
  }
}

function openingAt({ surface, graph, barriers, clearance }: OpeningSearch, arc: number, room: number): Opening {
  const [from, to] = [originOf(graph, arc), graph.targets[arc]!];
  const [a, b] = [vectorAt(surface.positionsMm, from), vectorAt(surface.positionsMm, to)];
  const nearest = clearance.nearest[arc]!;
  const placeMm = nearest === -1 ? a : nearestOnLine(barriers[nearest]!.placeMm, a, b);
  return {
    placeMm,
    vertex: distance(placeMm, a) <= distance(placeMm, b) ? from : to,
    room,
    between: nearest === -1 ? [] : [nearest, ...opposite(barriers, nearest, placeMm)],
  };
}

/** The barrier that is nearest, in its radii, among those that stand across from another one. */
function opposite(barriers: readonly Barrier[], one: number, placeMm: Vector3): number[] {
  const away = subtract(barriers[one]!.placeMm, placeMm);
  let best = -1;
  let least = Infinity;
  for (const [number, barrier] of barriers.entries()) {
    const far = distance(barrier.placeMm, placeMm) / barrier.radiusMm;
    if (number === one || dot(away, subtract(barrier.placeMm, placeMm)) > 0 || far >= least) continue;
    best = number;
    least = far;
  }
  return best === -1 ? [] : [best];
}

function nearestOnLine(p: Vector3, a: Vector3, b: Vector3): Vector3 {
  const along = subtract(b, a);
  const size = dot(along, along);
  const share = size > 0 ? Math.min(1, Math.max(0, dot(subtract(p, a), along) / size)) : 0;
  return add(a, scale(along, share));
}

function originOf({ starts }: Graph, arc: number): number {
  let [low, high] = [0, starts.length - 1];
  while (high - low > 1) {
    const middle = (low + high) >> 1;
    if (starts[middle]! <= arc) low = middle;
    else high = middle;
  }
  return low;
}
