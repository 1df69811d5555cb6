import { isVein, labelNumber, type Side, sideOfVein } from '../anatomy/anatomy.ts';
import { type SiteClass, sideOf } from '../anatomy/site-class.ts';
import { glance, look } from '../look.ts';
import { type Graph, geodesicMm } from '../mesh/geodesic.ts';
import type { Surface } from '../mesh/surface.ts';
import { type Barrier, type Clearance, clearanceOf } from './clearance.ts';
import type { LesionConfig } from './config.ts';
import { findOpenings, type Opening } from './openings.ts';
import type { PlacedLesion } from './place.ts';
import { widestPath } from './widest-path.ts';

/** A lesion with its site, and the radius that its index gives it. */
export interface SitedLesion extends PlacedLesion {
  readonly site: SiteClass;
  readonly radiusMm: number;
  readonly weightedBy: 'index' | 'fti' | 'unweighted';
}

export interface RingGround {
  readonly surface: Surface;
  readonly graph: Graph;
  readonly labels: Uint8Array;
  /** n, mm, along the surface. */
  readonly veinsMm: Readonly<Record<Side, Float64Array>>;
}

export interface Ring {
  readonly side: Side;
  readonly lesions: number;
  /** No way from the veins to the body that is wider than `reportAbove`. */
  readonly isClosed: boolean;
  readonly openings: readonly Opening[];
  /** Room of the widest way, also where it is too narrow to be spoken of. */
  readonly widestRoom: number;
  /** How many lesions of all, in the order of time, had been made when the ring was first closed. */
  readonly closedAfter?: number;
  /** Of a closed ring: 1 for each vertex that it keeps from the body, the veins among them. */
  readonly enclosed?: Uint8Array;
}

/** A ring has lesions in so many of the eight sectors. */
const leastSectors = 5;
/** How far from the veins the body begins that a ring keeps them from, mm. */
const beyondMm = 20;
/** The part of a vein, by depth from its mouth, that a way has to start from: the mouth itself may be labelled too wide. */
const deepShare = 0.6;

/** What bars the ways of a case: all its lesions, in the order of time, then what stands in holes of the map. */
export interface Barricade {
  readonly lesions: readonly SitedLesion[];
  readonly barriers: readonly Barrier[];
  readonly clearance: Clearance;
}

export function barricadeOf(
  ground: RingGround,
  { lesions, inHoles }: { readonly lesions: readonly SitedLesion[]; readonly inHoles: readonly Barrier[] },
  config: LesionConfig,
): Barricade {
  const onSurface = lesions.map(({ foot, vertex, radiusMm }) => ({ placeMm: foot.placeMm, vertex, radiusMm }));
  const barriers = [...onSurface, ...inHoles];
  const clearance = clearanceOf(ground, barriers, { reachMm: config.reachMm, above: config.reportAbove });
  return { lesions, barriers, clearance };
}

/** The ring of lesions around a vein pair; undefined where there are too few to speak of one, or no vein. */
export function ringOf(side: Side, ground: RingGround, barricade: Barricade, config: LesionConfig): Ring | undefined {
  const { graph, veinsMm } = ground;
  const { lesions, clearance } = barricade;
  const own = lesions.filter(({ site, vertex }) => sideOf(site) === side || veinsMm[side][vertex]! <= 6);
  const sources = deepIn(side, ground);
  const sectors = new Set(own.flatMap(({ site }) => (sideOf(site) === side ? [site] : [])));
  if (own.length < config.minRingLesions || sectors.size < leastSectors || sources.length === 0) return undefined;
  const crossing = { sources, isSink: farFrom(side, ground) };
  const search = { ...ground, ...barricade, crossing, radiusMm: config.interLesionMm / 2, above: config.reportAbove };
  const { openings, rest } = findOpenings(search);
  const isClosed = openings.length === 0;
  const ring = { side, lesions: own.length, isClosed, openings, widestRoom: openings[0]?.room ?? rest };
  if (!isClosed) return ring;
  // A way is barred by the earliest of the lesions on it; the ring is closed when the last of the ways is.
  const lastWay = widestPath(graph, clearance.barredBy, crossing)?.room ?? 0;
  const enclosed = reachedFrom(graph, sources, (arc) => clearance.room[arc]! > config.reportAbove);
  return { ...ring, closedAfter: lastWay + 1, enclosed };
}

/** Where the ways start: for each vein of the side what lies deepest in it. */
function deepIn(side: Side, { graph, labels }: RingGround): number[] {
  look();
  const outside: number[] = [];
  for (const [at, label] of labels.entries()) if (!isVein(label) || sideOfVein(label) !== side) outside.push(at);
  const depth = geodesicMm(graph, outside);
  const found: number[] = [];
  for (const vein of [labelNumber.LSPV, labelNumber.LIPV, labelNumber.RSPV, labelNumber.RIPV]) {
    if (sideOfVein(vein) !== side) continue;
    let deepest = 0;
    for (const [at, label] of labels.entries()) {
      if (label === vein && Number.isFinite(depth[at]!)) deepest = Math.max(deepest, depth[at]!);
    }
    for (const [at, label] of labels.entries()) {
      if (label === vein && depth[at]! >= deepShare * deepest && deepest > 0) found.push(at);
    }
  }
  return found;
}

/** Where they lead: the body and the valve, far from the veins; where the chamber is small, its farthest part. */
function farFrom(side: Side, { labels, veinsMm }: RingGround): (vertex: number) => boolean {
  look();
  const isBody = (vertex: number) => labels[vertex] === labelNumber.BODY || labels[vertex] === labelNumber.MV;
  const distances = veinsMm[side].filter((mm, vertex) => isBody(vertex) && Number.isFinite(mm)).sort();
  look();
  const bound = Math.min(beyondMm, distances[Math.floor(0.8 * distances.length)] ?? 0);
  return (vertex) => isBody(vertex) && veinsMm[side][vertex]! >= bound;
}

/** 1 for each vertex that can be reached along open arcs. */
function reachedFrom(
  { starts, targets }: Graph,
  sources: readonly number[],
  isOpen: (arc: number) => boolean,
): Uint8Array {
  const reached = new Uint8Array(starts.length - 1);
  const queue = [...sources];
  for (const source of sources) reached[source] = 1;
  for (let at = 0; at < queue.length; at++) {
    glance(at);
    for (let arc = starts[queue[at]!]!; arc < starts[queue[at]! + 1]!; arc++) {
      const next = targets[arc]!;
      if (reached[next] || !isOpen(arc)) continue;
      reached[next] = 1;
      queue.push(next);
    }
  }
  return reached;
}
