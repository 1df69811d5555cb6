import type { Atrium } from './atrium.ts';
import { gradient, ontoSurface } from './distance.ts';
import type { Random } from './random.ts';
import { across, add, cross, distanceBetween, length, mix, scale, subtract, unit, type Vector } from './vector.ts';

/** A place that the operator means to ablate, on the inner surface. */
export interface LesionTarget {
  readonly place: Vector;
  /** Outward, unit length. */
  readonly normal: Vector;
  readonly side: 'left' | 'right';
  readonly wall: 'anterior' | 'posterior';
}

/** A hole that was left in a ring on purpose, measured along the ring between the two lesions beside it. */
export interface PlannedGap {
  readonly side: 'left' | 'right';
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
 * Wide-area isolation of both vein pairs: one closed ring of lesions around each pair on the antrum, each ring from the
 * roof down in front, then from the roof down behind, then a few touch-ups. With `gapMm`, one ring stays open by that much.
 */
export function planLesions(atrium: Atrium, random: Random, gapMm?: number): LesionPlan {
  const first = random.next() < 0.7 ? 'left' : 'right';
  const gapSide = random.next() < 0.5 ? 'left' : 'right';
  const targets: LesionTarget[] = [];
  let gap: PlannedGap | undefined;
  for (const side of [first, first === 'left' ? 'right' : 'left'] as const) {
    const ring = antralRing(atrium, side);
    const wanted = side === gapSide ? (gapMm ?? 0) : 0;
    const opening = { from: ring.totalMm * random.between(0.1, 0.9), widthMm: Math.min(wanted, ring.totalMm / 2) };
    targets.push(...walkRing(atrium, ring, opening, random));
    if (wanted > 0) {
      gap = { side, widthMm: opening.widthMm, centre: placeAlong(ring, opening.from + opening.widthMm / 2) };
    }
  }
  return gap ? { targets, gap } : { targets };
}

/** The ring as a closed polyline; starts at the roof and goes down in front first. */
export interface Ring {
  readonly side: 'left' | 'right';
  readonly places: readonly Vector[];
  readonly totalMm: number;
  /** How far along the lowest place lies: before it is the front, after it the back. */
  readonly bottomMm: number;
}

/** Where an elliptical cone around a vein pair, seen from inside the body, meets the wall. */
export function antralRing(atrium: Atrium, side: 'left' | 'right'): Ring {
  const [upper, lower] = [true, false].map(
    (isUpper) => atrium.veins.find((vein) => vein.side === side && vein.upper === isUpper)!,
  );
  const middle = mix(upper!.ostium, lower!.ostium, 0.5);
  const eye = mix(atrium.centre, middle, 0.15);
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
    return hitWall(atrium, eye, unit(way));
  });
  const steps = places.map((place, n) => distanceBetween(place, places[(n + 1) % places.length]!));
  const sum = (parts: readonly number[]) => parts.reduce((total, step) => total + step, 0);
  return { side, places, totalMm: sum(steps), bottomMm: sum(steps.slice(0, places.length / 2)) };
}

function hitWall(atrium: Atrium, eye: Vector, way: Vector): Vector {
  let far = 0;
  while (far < 80 && atrium.distance(...add(eye, scale(way, far))) < 0) far += 0.5;
  return ontoSurface(atrium.distance, add(eye, scale(way, far - 0.25)));
}

function placeAlong(ring: Ring, alongMm: number): Vector {
  let left = ((alongMm % ring.totalMm) + ring.totalMm) % ring.totalMm;
  for (let n = 0; ; n = (n + 1) % ring.places.length) {
    const from = ring.places[n]!;
    const to = ring.places[(n + 1) % ring.places.length]!;
    const step = distanceBetween(from, to);
    if (left <= step) return mix(from, to, step === 0 ? 0 : left / step);
    left -= step;
  }
}

function walkRing(
  atrium: Atrium,
  ring: Ring,
  opening: { readonly from: number; readonly widthMm: number },
  random: Random,
): LesionTarget[] {
  const closed = opening.widthMm === 0;
  const covered = ring.totalMm - opening.widthMm;
  const pieces = Math.ceil(covered / spacingMm);
  const start = opening.from + opening.widthMm;
  const marks = Array.from({ length: closed ? pieces : pieces + 1 }, (_, n) => {
    const atEdge = !closed && (n === 0 || n === pieces);
    const along = start + (covered * n) / pieces + (atEdge ? 0 : random.between(-0.4, 0.4));
    return ((along % ring.totalMm) + ring.totalMm) % ring.totalMm;
  });
  const front = marks.filter((along) => along < ring.bottomMm).sort((a, b) => a - b);
  const back = marks.filter((along) => along >= ring.bottomMm).sort((a, b) => b - a);
  const again = Array.from({ length: random.integer(1, 3) }, () => marks[random.integer(2, marks.length - 3)]!);
  return [...front, ...back, ...again].map((along, n) => {
    const fuzz = n < marks.length ? 0.4 : 0.9;
    const near = add(placeAlong(ring, along), scale([random.normal(), random.normal(), random.normal()], fuzz / 2));
    const place = ontoSurface(atrium.distance, near);
    return {
      place,
      normal: gradient(atrium.distance, place),
      side: ring.side,
      wall: along < ring.bottomMm ? 'anterior' : 'posterior',
    };
  });
}
