import { look } from '../look.ts';
import { type Graph, geodesicNearMm } from '../mesh/geodesic.ts';
import type { Surface } from '../mesh/surface.ts';
import type { Vector3 } from '../mesh/vector.ts';

/** Something that bars the way around it. */
export interface Barrier {
  readonly placeMm: Vector3;
  readonly vertex: number;
  readonly radiusMm: number;
}

/** How much room there is along each arc of a graph, in radii of the nearest barrier, and which barrier that is. */
export interface Clearance {
  /** One per arc, Infinity where no barrier is near. */
  readonly room: Float64Array;
  /** One per arc, -1 where there is none. */
  readonly nearest: Int32Array;
  /** One per arc: the first barrier, in the order given, that leaves no more room there than `above`; Infinity: none. */
  readonly barredBy: Float64Array;
}

/**
 * The clearance of every arc: the least distance of its straight line from a barrier, in that barrier's radii (so a walk
 * cannot hop over a barrier on a coarse mesh). A barrier acts on what is within `reachMm` of it along the surface.
 */
export function clearanceOf(
  { surface, graph }: { readonly surface: Surface; readonly graph: Graph },
  barriers: readonly Barrier[],
  { reachMm, above }: { readonly reachMm: number; readonly above: number },
): Clearance {
  const { starts, targets } = graph;
  const room = new Float64Array(targets.length).fill(Infinity);
  const nearest = new Int32Array(targets.length).fill(-1);
  const barredBy = new Float64Array(targets.length).fill(Infinity);
  for (const [number, { placeMm, vertex, radiusMm }] of barriers.entries()) {
    look();
    for (const from of geodesicNearMm(graph, vertex, reachMm).keys()) {
      for (let arc = starts[from]!; arc < starts[from + 1]!; arc++) {
        const far = segmentDistance(surface.positionsMm, placeMm, from, targets[arc]!) / radiusMm;
        if (far <= above && number < barredBy[arc]!) barredBy[arc] = number;
        if (far >= room[arc]!) continue;
        room[arc] = far;
        nearest[arc] = number;
      }
    }
  }
  return { room, nearest, barredBy };
}

/** Of a point from the straight line between two vertices, mm. The inmost loop. */
function segmentDistance(p: Float64Array, place: Vector3, from: number, to: number): number {
  const ax = p[3 * from]!;
  const ay = p[3 * from + 1]!;
  const az = p[3 * from + 2]!;
  const ux = p[3 * to]! - ax;
  const uy = p[3 * to + 1]! - ay;
  const uz = p[3 * to + 2]! - az;
  const vx = place[0] - ax;
  const vy = place[1] - ay;
  const vz = place[2] - az;
  const size = ux * ux + uy * uy + uz * uz;
  const share = size > 0 ? Math.min(1, Math.max(0, (ux * vx + uy * vy + uz * vz) / size)) : 0;
  const dx = vx - share * ux;
  const dy = vy - share * uy;
  const dz = vz - share * uz;
  return Math.sqrt(dx * dx + dy * dy + dz * dz);
}
