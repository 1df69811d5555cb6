import { type Chamber, valveRim } from './chamber.ts';
import { gradient, ontoSurface } from './distance.ts';
import type { Random } from './random.ts';
import { across, add, cross, distanceBetween, length, mix, scale, subtract, unit, type Vector } from './vector.ts';

/** A place that the operator means to ablate, on the inner surface. */
export interface LesionTarget {
  readonly place: Vector;
  /** Outward, unit length. */
  readonly normal: Vector;
  readonly line: LineName;
  readonly wall: 'anterior' | 'posterior';
}

/** What a lesion belongs to: the ring around a pair of veins, the cavotricuspid isthmus, the ring around a scar. */
export type LineName = 'left' | 'right' | 'isthmus' | 'scar';

/** A hole that was left in a line on purpose, measured along it between the two lesions beside it. */
export interface PlannedGap {
  readonly side: LineName;
  readonly widthMm: number;
  readonly centre: Vector;
}

export interface LesionPlan {
  /** In the operator's order. */
  readonly targets: readonly LesionTarget[];
  readonly gap?: PlannedGap;
}

const spacingMm = 4.1;

/**
 * What an operator would do in this chamber. Left chamber: wide-area isolation of both vein pairs, one closed ring of
 * lesions around each on the antrum, from the roof down in front, then from the roof down behind, then a few touch-ups.
 * Right chamber: the line from the tricuspid valve to the inferior caval vein. Ventricle: a ring around the scar.
 * With `gapMm`, one line stays open by that much.
 */
export function planLesions(
  chamber: Chamber,
  { random, scar, gapMm }: { readonly random: Random; readonly scar: Vector; readonly gapMm?: number | undefined },
): LesionPlan {
  const lines = linesOf(chamber, scar, random);
  const gapLine = lines[random.next() < 0.5 ? 0 : lines.length - 1]!.name;
  const targets: LesionTarget[] = [];
  let gap: PlannedGap | undefined;
  for (const line of lines) {
    const wanted = line.name === gapLine ? (gapMm ?? 0) : 0;
    const [least, most] = line.closed ? [0.1, 0.9] : [0.25, 0.5];
    const opening = { from: line.totalMm * random.between(least, most), widthMm: Math.min(wanted, line.totalMm / 2) };
    targets.push(...walk(chamber, line, opening, random));
    if (wanted > 0) {
      gap = { side: line.name, widthMm: opening.widthMm, centre: placeAlong(line, opening.from + opening.widthMm / 2) };
    }
  }
  return gap ? { targets, gap } : { targets };
}

function linesOf(chamber: Chamber, scar: Vector, random: Random): readonly Line[] {
  if (chamber.kind === 'right-atrium') return [isthmusLine(chamber)];
  if (chamber.kind === 'left-ventricle') return [scarRing(chamber, scar)];
  const first = random.next() < 0.7 ? 'left' : 'right';
  return [antralRing(chamber, first), antralRing(chamber, first === 'left' ? 'right' : 'left')];
}

/** A polyline on the wall. A closed one starts at the roof and goes down in front first. */
export interface Line {
  readonly name: LineName;
  readonly closed: boolean;
  readonly places: readonly Vector[];
  readonly totalMm: number;
  /** How far along the lowest place lies: before it is the front, after it the back. */
  readonly bottomMm: number;
}

function lineOf(name: LineName, places: readonly Vector[], closed: boolean): Line {
  const steps = places.map((place, n) => distanceBetween(place, places[(n + 1) % places.length]!));
  const sum = (parts: readonly number[]) => parts.reduce((total, step) => total + step, 0);
  const totalMm = sum(closed ? steps : steps.slice(0, -1));
  return { name, closed, places, totalMm, bottomMm: closed ? sum(steps.slice(0, places.length / 2)) : totalMm };
}

/** Where an elliptical cone around a vein pair, seen from inside the body, meets the wall. */
export function antralRing(chamber: Chamber, side: 'left' | 'right'): Line {
  const [upper, lower] = (side === 'left' ? ['LSPV', 'LIPV'] : ['RSPV', 'RIPV']).map(
    (name) => chamber.vessels.find((vein) => vein.name === name)!,
  );
  const middle = mix(upper!.ostium, lower!.ostium, 0.5);
  const eye = mix(chamber.centre, middle, 0.15);
  const axis = unit(subtract(middle, eye));
  const reach = distanceBetween(middle, eye);
  const between = across(subtract(upper!.ostium, lower!.ostium), axis);
  const up = unit(between);
  const sideways = cross(axis, up);
  const forward = sideways[2] < 0 ? scale(sideways, -1) : sideways;
  const radius = Math.max(upper!.radiusMm, lower!.radiusMm);
  const tall = (length(between) / 2 + radius + 1.5) / reach;
  const wide = (radius + 2.5) / reach;
  const places = Array.from({ length: 240 }, (_, n) => {
    const angle = (2 * Math.PI * n) / 240;
    const way = add(axis, add(scale(up, tall * Math.cos(angle)), scale(forward, wide * Math.sin(angle))));
    return hitWall(chamber, eye, unit(way));
  });
  return lineOf(side, places, true);
}

/** From the lowest place of the tricuspid rim to the near side of the inferior caval vein. */
function isthmusLine(chamber: Chamber): Line {
  const rim = valveRim(chamber).reduce((low, place) => (place[1] < low[1] ? place : low));
  const cava = chamber.vessels.find(({ name }) => name === 'IVC')!;
  const near = unit(across(subtract(rim, cava.ostium), cava.direction));
  const end = add(cava.ostium, scale(near, cava.radiusMm));
  const eye = chamber.centre;
  const places = Array.from({ length: 60 }, (_, n) =>
    hitWall(chamber, eye, unit(subtract(mix(rim, end, 0.06 + (0.94 * n) / 59), eye))),
  );
  return lineOf('isthmus', places, false);
}

/** A ring on the wall around a place. */
function scarRing(chamber: Chamber, scar: Vector): Line {
  const axis = gradient(chamber.distance, scar);
  const right = unit(across([0.3, 1, 0.2], axis));
  const up = cross(axis, right);
  const eye = subtract(scar, scale(axis, 16));
  const places = Array.from({ length: 240 }, (_, n) => {
    const angle = (2 * Math.PI * n) / 240;
    const way = add(scale(axis, 16), add(scale(right, 15 * Math.cos(angle)), scale(up, 15 * Math.sin(angle))));
    return hitWall(chamber, eye, unit(way));
  });
  return lineOf('scar', places, true);
}

function hitWall(chamber: Chamber, eye: Vector, way: Vector): Vector {
  let far = 0;
  while (far < 80 && chamber.distance(...add(eye, scale(way, far))) < 0) far += 0.5;
  return ontoSurface(chamber.distance, add(eye, scale(way, far - 0.25)));
}

function placeAlong(ring: Line, alongMm: number): Vector {
  let left = ((alongMm % ring.totalMm) + ring.totalMm) % ring.totalMm;
  for (let n = 0; ; n = (n + 1) % ring.places.length) {
    const from = ring.places[n]!;
    const to = ring.places[(n + 1) % ring.places.length]!;
    const step = distanceBetween(from, to);
    if (left <= step) return mix(from, to, step === 0 ? 0 : left / step);
    left -= step;
  }
}

function walk(
  chamber: Chamber,
  line: Line,
  opening: { readonly from: number; readonly widthMm: number },
  random: Random,
): LesionTarget[] {
  const marks = line.closed ? marksOfRing(line, opening, random) : marksOfLine(line, opening, random);
  const front = marks.filter((along) => along < line.bottomMm).sort((a, b) => a - b);
  const back = marks.filter((along) => along >= line.bottomMm).sort((a, b) => b - a);
  const again = Array.from({ length: random.integer(1, 3) }, () => marks[random.integer(2, marks.length - 3)]!);
  return [...front, ...back, ...again].map((along, n) => {
    const fuzz = n < marks.length ? 0.4 : 0.9;
    const near = add(placeAlong(line, along), scale([random.normal(), random.normal(), random.normal()], fuzz / 2));
    const place = ontoSurface(chamber.distance, near);
    return {
      place,
      normal: gradient(chamber.distance, place),
      line: line.name,
      wall: along < line.bottomMm ? 'anterior' : 'posterior',
    };
  });
}

/** Lesions on both edges of the opening and evenly between them, the long way round. */
function marksOfRing(
  line: Line,
  opening: { readonly from: number; readonly widthMm: number },
  random: Random,
): number[] {
  const whole = opening.widthMm === 0;
  const covered = line.totalMm - opening.widthMm;
  const pieces = Math.ceil(covered / spacingMm);
  const start = opening.from + opening.widthMm;
  return Array.from({ length: whole ? pieces : pieces + 1 }, (_, n) => {
    const atEdge = !whole && (n === 0 || n === pieces);
    const along = start + (covered * n) / pieces + (atEdge ? 0 : random.between(-0.4, 0.4));
    return ((along % line.totalMm) + line.totalMm) % line.totalMm;
  });
}

/** From end to end, but for the opening. */
function marksOfLine(
  line: Line,
  opening: { readonly from: number; readonly widthMm: number },
  random: Random,
): number[] {
  const between = (from: number, to: number) => {
    const pieces = Math.max(1, Math.ceil((to - from) / spacingMm));
    return Array.from({ length: pieces + 1 }, (_, n) => {
      const atEdge = n === 0 || n === pieces;
      return from + ((to - from) * n) / pieces + (atEdge ? 0 : random.between(-0.4, 0.4));
    });
  };
  const last = line.totalMm - 0.01;
  if (opening.widthMm === 0) return between(0, last);
  return [...between(0, opening.from), ...between(opening.from + opening.widthMm, last)];
}
