import type { Discontinuity } from '../../protocol/findings.ts';
import { clockAngle, type Side, type SideFrame } from '../anatomy/anatomy.ts';
import { sectors } from '../anatomy/site-class.ts';
import { across, length, subtract, type Vector3 } from '../mesh/vector.ts';
import { type Drawing, lesionClass } from './draw-views.ts';

const middle = 160;
const reach = 130;
/** What is at the rim of the picture, mm from the middle of the pair. */
const rimMm = 36;

/** Middle angles of the sectors, degrees on the clock. */
const middles = [0, 52, 90, 128, 180, -128, -90, -52] as const;
const words: Readonly<Record<(typeof sectors)[number], string>> = {
  ROOF: 'roof',
  ANT_SUP: 'ant. superior',
  ANT_CARINA: 'ant. carina',
  ANT_INF: 'ant. inferior',
  INF: 'inferior',
  POST_INF: 'post. inferior',
  POST_CARINA: 'post. carina',
  POST_SUP: 'post. superior',
};
const borderDegrees = [30, 75, 105, 150, -30, -75, -105, -150];

export interface ClockDrawing extends Pick<Drawing, 'lesions' | 'indexTarget' | 'discontinuities'> {
  readonly side: Side;
  readonly frame: SideFrame;
  /** Into the frame of `frame`. */
  readonly canonical: (place: Vector3) => Vector3;
}

/** A vein pair as seen from inside the body, laid flat: roof above, front to the right on the left side, to the left on the right one. */
export function drawClock(drawing: ClockDrawing): string {
  const { side, frame, canonical, lesions, indexTarget, discontinuities } = drawing;
  const hand = side === 'L' ? 1 : -1;
  const at = (degrees: number, radius: number): readonly [number, number] => {
    const angle = (degrees * Math.PI) / 180;
    return [middle + hand * radius * Math.sin(angle), middle - radius * Math.cos(angle)];
  };
  const spot = (place: Vector3) => {
    const here = canonical(place);
    const away = length(across(subtract(here, frame.centreMm), frame.outward));
    return at((clockAngle(frame, here) * 180) / Math.PI, reach * Math.min(1, away / rimMm));
  };
  const borders = borderDegrees.map((degrees) => {
    const [x, y] = at(degrees, reach);
    return `<line x1="${middle}" y1="${middle}" x2="${x.toFixed(1)}" y2="${y.toFixed(1)}"/>`;
  });
  const names = sectors.map((sector, n) => {
    const [x, y] = at(middles[n]!, reach + 14);
    return `<text class="sector" x="${x.toFixed(1)}" y="${(y + 3).toFixed(1)}">${words[sector]}</text>`;
  });
  const rings = [12, 24, rimMm].map(
    (mm) => `<circle class="grid" cx="${middle}" cy="${middle}" r="${((reach * mm) / rimMm).toFixed(1)}"/>`,
  );
  const own = lesions.filter(({ site }) => site?.startsWith(`${side}_`));
  const dots = own.map((lesion) => {
    const [x, y] = spot(lesion.foot.placeMm);
    return `<circle class="${lesionClass(lesion, indexTarget)}" cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="5"><title>lesion ${lesion.order + 1}</title></circle>`;
  });
  const marks = discontinuities.map((one, n) => (one.line === ringOf(side) ? markOf(one, n + 1, spot) : ''));
  const title = side === 'L' ? 'Left veins' : 'Right veins';
  return `<figure class="clock"><svg viewBox="-40 -6 400 332" role="img" aria-label="${title}"><g class="grid">${borders.join('')}</g>${rings.join('')}${names.join('')}${dots.join('')}${marks.join('')}</svg><figcaption>${title}, seen from inside; circles at 12, 24 and ${rimMm} mm; ${own.length} lesions</figcaption></figure>`;
}

const ringOf = (side: Side) => (side === 'L' ? 'left-ring' : 'right-ring');

function markOf({ place }: Discontinuity, number: number, spot: (place: Vector3) => readonly [number, number]): string {
  const [x, y] = spot(place);
  return `<g class="gap"><circle cx="${x.toFixed(1)}" cy="${y.toFixed(1)}" r="11"/><text x="${x.toFixed(1)}" y="${(y + 4).toFixed(1)}">${number}</text></g>`;
}
