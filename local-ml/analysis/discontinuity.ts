import type { Discontinuity, Findings } from '../../protocol/findings.ts';
import type { SiteClass } from '../anatomy/site-class.ts';
import { ruleSite } from '../anatomy/site-rules.ts';
import type { LesionConfig } from '../lesions/config.ts';
import type { Line } from '../lesions/lines.ts';
import type { Opening } from '../lesions/openings.ts';
import type { Ring } from '../lesions/rings.ts';
import { distance, vectorAt } from '../mesh/vector.ts';
import type { FoundLines } from './find-lesions.ts';
import type { Ground } from './ground.ts';

type LineKind = Discontinuity['line'];

/** Rings and lines as they are told of. */
export function linesFound(
  { rings, lines }: FoundLines,
  { interLesionMm, reachMm }: LesionConfig,
): NonNullable<Findings['lines']> {
  const widest = (room: number) => Math.min(room * interLesionMm, 2 * reachMm);
  return [...rings, ...lines].map((one) => ({
    line: kindOf(one),
    lesions: one.lesions,
    isContinuous: one.isClosed,
    widestMm: widest(one.widestRoom),
    ...('closedAfter' in one && one.closedAfter !== undefined ? { continuousAfter: one.closedAfter } : {}),
  }));
}

/** Every place where a ring or a line leaves room, the widest first. What is wider than one place is in `lines` alone. */
export function discontinuitiesOf(found: FoundLines, ground: Ground, config: LesionConfig): Discontinuity[] {
  const all = [...found.rings, ...found.lines].flatMap((one) =>
    one.openings.flatMap((opening) => describe(opening, kindOf(one), { found, ground, config }) ?? []),
  );
  return all.sort((a, b) => b.effectiveWidthMm - a.effectiveWidthMm);
}

function describe(
  opening: Opening,
  line: LineKind,
  { found, ground, config }: { readonly found: FoundLines; readonly ground: Ground; readonly config: LesionConfig },
): Discontinuity | undefined {
  const effectiveWidthMm = opening.room * config.interLesionMm;
  const [first, second] = opening.between.map((number) => found.lesions[number]);
  if (effectiveWidthMm > config.maxOpeningMm || !first || !second) return undefined;
  const isUnweighted = [first, second].some(({ weightedBy }) => weightedBy === 'unweighted');
  return {
    kind: 'possible-discontinuity-in-tag-set',
    line,
    site: siteAt(opening, ground),
    place: [...opening.placeMm] as [number, number, number],
    effectiveWidthMm,
    betweenMm: distance(first.foot.placeMm, second.foot.placeMm),
    neighbours: [first.order, second.order],
    ...(isUnweighted ? { unweighted: true as const } : {}),
    confidence: confidenceOf(opening.room - found.reportAbove, config) * (isUnweighted ? 0.8 : 1),
  };
}

/** By the rules, at the vertex that is nearest to the place. */
function siteAt({ placeMm }: Opening, ground: Ground): SiteClass {
  const place = ground.canonical(placeMm);
  let vertex = 0;
  for (let at = 1; at < ground.labels.length; at++) {
    if (distance(vectorAt(ground.positionsMm, at), place) < distance(vectorAt(ground.positionsMm, vertex), place))
      vertex = at;
  }
  return ruleSite(ground, { vertex, placeMm: place }).site;
}

const mostConfident = 0.99;

/**
 * How sure it is that a gap is wider than the least that is spoken of: places of tags scatter by some 0.8 mm, so the
 * distance of two scatters by 1.1 mm, which is a share of the distance that two lesions on target bridge.
 */
function confidenceOf(over: number, { interLesionMm }: LesionConfig): number {
  const scatter = 1.1 / interLesionMm;
  return Math.min(mostConfident, 1 / (1 + Math.exp((-1.7 * over) / scatter)));
}

function kindOf(one: Ring | Line): LineKind {
  if ('side' in one) return one.side === 'L' ? 'left-ring' : 'right-ring';
  return `${one.line}-line`;
}
