import { glance } from '../look.ts';
import { type Graph, geodesicMm } from '../mesh/geodesic.ts';
import { type HalfEdges, nextHalf } from '../mesh/half-edges.ts';
import type { Surface } from '../mesh/surface.ts';
import { across, add, cross, distance, scale, subtract, unit, type Vector3, vectorAt } from '../mesh/vector.ts';

/** What a place of a left atrium can be; the number of a label is its place here. */
export const regionLabels = ['BODY', 'LSPV', 'LIPV', 'RSPV', 'RIPV', 'LAA', 'MV'] as const;
export type RegionLabel = (typeof regionLabels)[number];
export const labelNumber = Object.fromEntries(regionLabels.map((label, at) => [label, at])) as Readonly<
  Record<RegionLabel, number>
>;

export const sides = ['L', 'R'] as const;
export type Side = (typeof sides)[number];

const veins = {
  L: { superior: labelNumber.LSPV, inferior: labelNumber.LIPV },
  R: { superior: labelNumber.RSPV, inferior: labelNumber.RIPV },
} as const;

export const isVein = (label: number): boolean => label >= labelNumber.LSPV && label <= labelNumber.RIPV;
export const sideOfVein = (label: number): Side => (label <= labelNumber.LIPV ? 'L' : 'R');

/** A vein pair seen from the body: its middle, the way out, and the directions of twelve and three o'clock. */
export interface SideFrame {
  readonly side: Side;
  readonly centreMm: Vector3;
  readonly outward: Vector3;
  readonly superior: Vector3;
  readonly anterior: Vector3;
  /** Between the middles of the two ostia, mm. */
  readonly heightMm: number;
  /** A common or unrecognised vein: the direction up is the frame's, not the veins'. */
  readonly isPair: boolean;
}

/** A labelled surface in any right-handed frame. */
export interface Labelled extends Surface {
  /** n, numbers of `regionLabels`. */
  readonly labels: Uint8Array;
}

/**
 * The frame of a side (CONTRACT.md, 8): rim points are the middles of edges between a vein and what is no vein. Undefined
 * where neither vein of the side is there.
 */
export function sideFrame(side: Side, labelled: Labelled, halfEdges: HalfEdges): SideFrame | undefined {
  const { superior, inferior } = veins[side];
  const [upper, lower] = [rimOf(superior, labelled, halfEdges), rimOf(inferior, labelled, halfEdges)];
  if (upper.length === 0 && lower.length === 0) return undefined;
  const isPair = upper.length > 0 && lower.length > 0;
  const centreMm = meanInOrder([...upper, ...lower]);
  const body: Vector3[] = [];
  for (const [at, label] of labelled.labels.entries())
    if (label === labelNumber.BODY) body.push(vectorAt(labelled.positionsMm, at));
  const outward = unit(subtract(centreMm, meanInOrder(body)));
  const [top, bottom] = [meanInOrder(upper), meanInOrder(lower)];
  const eSup = unit(across(isPair ? subtract(top, bottom) : [0, 0, 1], outward));
  const turned = cross(outward, eSup);
  return {
    ...{ side, centreMm, outward, superior: eSup, isPair },
    anterior: side === 'L' ? turned : scale(turned, -1),
    heightMm: isPair ? distance(top, bottom) : 20,
  };
}

function rimOf(vein: number, { positionsMm, labels, triangles }: Labelled, { isFirst }: HalfEdges): Vector3[] {
  const rim: Vector3[] = [];
  for (let half = 0; half < triangles.length; half++) {
    glance(half);
    if (!isFirst[half]) continue;
    const [a, b] = [triangles[half]!, triangles[nextHalf(half)]!];
    const [la, lb] = [labels[a]!, labels[b]!];
    if ((la === vein && !isVein(lb)) || (lb === vein && !isVein(la)))
      rim.push(scale(add(vectorAt(positionsMm, a), vectorAt(positionsMm, b)), 0.5));
  }
  if (rim.length > 0) return rim;
  for (const [at, label] of labels.entries()) if (label === vein) rim.push(vectorAt(positionsMm, at));
  return rim;
}

function meanInOrder(places: readonly Vector3[]): Vector3 {
  let sum: Vector3 = [0, 0, 0];
  for (const place of places) sum = add(sum, place);
  return scale(sum, 1 / Math.max(1, places.length));
}

/** Where a place stands on the clock of a side, rad: 0 towards the superior vein, +π/2 in front, π below, -π/2 behind. */
export function clockAngle({ centreMm, anterior, superior }: SideFrame, place: Vector3): number {
  const r = subtract(place, centreMm);
  const dot = (a: Vector3) => a[0] * r[0] + a[1] * r[1] + a[2] * r[2];
  return Math.atan2(dot(anterior), dot(superior));
}

/** n, mm, along the surface: how far each vertex is from the veins of a side. */
export function distanceToVeinsMm(graph: Graph, labels: Uint8Array, side: Side): Float64Array {
  return geodesicMm(
    graph,
    verticesWith(labels, (label) => isVein(label) && sideOfVein(label) === side),
  );
}

export function verticesWith(labels: Uint8Array, wanted: (label: number) => boolean): number[] {
  const found: number[] = [];
  for (const [at, label] of labels.entries()) {
    glance(at);
    if (wanted(label)) found.push(at);
  }
  return found;
}
