import { isVein, labelNumber } from '../anatomy/anatomy.ts';
import type { SiteClass } from '../anatomy/site-class.ts';
import { type Graph, geodesicMm } from '../mesh/geodesic.ts';
import { distance, vectorAt } from '../mesh/vector.ts';
import type { LesionConfig } from './config.ts';
import { findOpenings, type Opening } from './openings.ts';
import type { Barricade, RingGround, SitedLesion } from './rings.ts';
import { shortestPath } from './shortest-path.ts';

export type LineName = 'roof' | 'inferior' | 'mitral-isthmus';

export interface Line {
  readonly line: LineName;
  readonly lesions: number;
  readonly isClosed: boolean;
  readonly openings: readonly Opening[];
  readonly widestRoom: number;
}

/** Which lesions make a line, and what it leads from and to. */
const plans: Readonly<Record<LineName, { readonly site: SiteClass; readonly to: (label: number) => boolean }>> = {
  roof: { site: 'ROOF_LINE', to: (label) => label === labelNumber.RSPV || label === labelNumber.RIPV },
  inferior: { site: 'INFERIOR_LINE', to: (label) => label === labelNumber.RSPV || label === labelNumber.RIPV },
  'mitral-isthmus': { site: 'MITRAL_ISTHMUS', to: (label) => label === labelNumber.MV },
};
export const lineNames = Object.keys(plans) as LineName[];

/** How far on both sides of a line ways across it are looked for, and how far from it they begin and end, mm. */
const corridorMm = 15;
const asideMm = 8;
/** Along lesions the course of a line is this much cheaper than elsewhere. */
const alongLesions = 0.2;
const besideLesionMm = 4;

/**
 * A line of lesions between two anchors: its course is the shortest way that prefers lesions; the ways across it run in a
 * corridor from one side of the course to the other. Undefined where there are too few lesions, or no two sides.
 */
export function lineOf(
  line: LineName,
  ground: RingGround,
  barricade: Barricade,
  config: LesionConfig,
): Line | undefined {
  const { graph, labels } = ground;
  const own = barricade.lesions.filter(({ site }) => site === plans[line].site);
  if (own.length < config.minLineLesions) return undefined;
  const course = courseOf(line, ground, own);
  if (!course) return undefined;
  const fromCourse = geodesicMm(graph, course, { limitMm: corridorMm });
  const isOutside = (vertex: number) => {
    const label = labels[vertex]!;
    return (
      !Number.isFinite(fromCourse[vertex]!) || isVein(label) || label === labelNumber.MV || label === labelNumber.LAA
    );
  };
  const shores = shoresOf(graph, (vertex) => isOutside(vertex) || fromCourse[vertex]! < 1.5);
  if (!shores) return undefined;
  const [near, far] = shores.map((shore) => shore.filter((vertex) => fromCourse[vertex]! >= asideMm));
  if (near!.length === 0 || far!.length === 0) return undefined;
  const sinks = new Set(far);
  const crossing = { sources: near!, isSink: (vertex: number) => sinks.has(vertex), isBlocked: isOutside };
  const search = { ...ground, ...barricade, crossing, radiusMm: config.interLesionMm / 2, above: config.reportAbove };
  const { openings, rest } = findOpenings(search);
  const widestRoom = openings[0]?.room ?? rest;
  return { line, lesions: own.length, isClosed: openings.length === 0, openings, widestRoom };
}

function courseOf(
  line: LineName,
  { surface, graph, labels }: RingGround,
  own: readonly SitedLesion[],
): number[] | undefined {
  const p = surface.positionsMm;
  const isBeside = new Uint8Array(p.length / 3);
  for (let at = 0; at < isBeside.length; at++) {
    const place = vectorAt(p, at);
    if (own.some(({ foot }) => distance(foot.placeMm, place) < besideLesionMm)) isBeside[at] = 1;
  }
  const sources: number[] = [];
  for (const [at, label] of labels.entries())
    if (label === labelNumber.LSPV || label === labelNumber.LIPV) sources.push(at);
  const { to } = plans[line];
  const isBlocked = (vertex: number) => !to(labels[vertex]!) && labels[vertex] !== labelNumber.BODY;
  const cost = (vertex: number) => (isBeside[vertex] ? alongLesions : 1);
  return shortestPath(graph, { sources, isTarget: (vertex) => to(labels[vertex]!), isBlocked, cost });
}

/** The two largest parts of what is not excluded: the two sides of a line. */
function shoresOf(graph: Graph, isExcluded: (vertex: number) => boolean): [number[], number[]] | undefined {
  const seen = new Uint8Array(graph.starts.length - 1);
  const parts: number[][] = [];
  for (let start = 0; start < seen.length; start++) {
    if (seen[start] || isExcluded(start)) continue;
    const part = [start];
    seen[start] = 1;
    for (let at = 0; at < part.length; at++) {
      for (let arc = graph.starts[part[at]!]!; arc < graph.starts[part[at]! + 1]!; arc++) {
        const next = graph.targets[arc]!;
        if (seen[next] || isExcluded(next)) continue;
        seen[next] = 1;
        part.push(next);
      }
    }
    parts.push(part);
  }
  parts.sort((a, b) => b.length - a.length);
  return parts.length >= 2 ? [parts[0]!, parts[1]!] : undefined;
}
