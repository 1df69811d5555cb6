import { clockAngle, type Side, type SideFrame } from '../anatomy/anatomy.ts';
import { sectors } from '../anatomy/site-class.ts';
import { across, length, subtract, type Vector3 } from '../mesh/vector.ts';
import { type Drawing, lesionDot, openingMark } from './draw-views.ts';
import type { Picture, Shape } from './model.ts';

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
export function drawClock(drawing: ClockDrawing): Picture {
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
  const own = lesions.filter(({ site }) => site?.startsWith(`${side}_`));
  const title = side === 'L' ? 'Left veins' : 'Right veins';
  return {
    label: title,
    caption: `${title}, seen from inside; circles at 12, 24 and ${rimMm} mm; ${own.length} lesions`,
    box: { left: -55, top: -2, width: 430, height: 326 },
    shapes: [
      ...face(at),
      ...own.map((lesion) => lesionDot(lesion, indexTarget, spot(lesion.foot.placeMm), 5)),
      ...discontinuities.flatMap((one, n) =>
        one.line === ringOf(side) ? openingMark(n + 1, spot(one.place), 11) : [],
      ),
    ],
  };
}

const ringOf = (side: Side) => (side === 'L' ? 'left-ring' : 'right-ring');

/** What is there without lesions: borders of the segments, distances, names. */
function face(at: (degrees: number, radius: number) => readonly [number, number]): readonly Shape[] {
  return [
    ...borderDegrees.map((degrees): Shape => {
      return { kind: 'line', look: 'grid', from: [middle, middle], to: at(degrees, reach) };
    }),
    ...[12, 24, rimMm].map((mm): Shape => {
      return { kind: 'circle', look: 'grid', x: middle, y: middle, radius: (reach * mm) / rimMm };
    }),
    ...sectors.map((sector, n): Shape => {
      const isAside = middles[n]! % 180 !== 0;
      const [x, y] = at(middles[n]!, reach + (isAside ? 7 : 13));
      const anchor = isAside ? (x > middle ? 'start' : 'end') : 'middle';
      return { kind: 'text', look: 'sector', x, y: y + 3.5, text: words[sector], anchor };
    }),
  ];
}
