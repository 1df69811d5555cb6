import type { RegionLabel } from '../anatomy/anatomy.ts';

/** How a shape is drawn. Colours as #rrggbb; widths and sizes in the units of the picture. */
export interface Look {
  readonly fill?: string;
  /** 0 to 1; default 1. */
  readonly fillOpacity?: number;
  readonly stroke?: string;
  readonly strokeWidth?: number;
  /** Of text, with whether it is bold. */
  readonly size?: number;
  readonly bold?: boolean;
}

/** Of what lies behind the shell. */
export const faintOpacity = 0.5;

type Rgb = readonly [red: number, green: number, blue: number];

/** How many shades a coloured surface has: from turned away to facing the eye. */
export const shades = 6;
type Shade = 0 | 1 | 2 | 3 | 4 | 5;

/** Colours by one letter, so that a shade's digit can follow. Chosen to be told apart without red and green. */
// biome-ignore format: the columns are the documentation
export const regionColors = {
  BODY: ['b', [198, 198, 204]],
  LSPV: ['c', [ 86, 180, 233]],
  LIPV: ['d', [  0, 114, 178]],
  RSPV: ['e', [240, 196,  66]],
  RIPV: ['f', [213, 134,  30]],
  LAA:  ['g', [140, 110, 190]],
  MV:   ['h', [120, 130, 120]],
} as const satisfies Readonly<Record<RegionLabel, readonly [letter: string, rgb: Rgb]>>;

/** Voltage in steps: from below the lowest threshold to healthy, as mapping systems show it; `v` has no value. */
const steps = ['m', 'n', 'o', 'p', 'q'] as const;
// biome-ignore format: the columns are the documentation
const stepColors = {
  m: [170,  30,  30],
  n: [230, 130,  40],
  o: [235, 210,  70],
  p: [ 90, 160, 210],
  q: [130,  90, 180],
  v: [210, 210, 210],
} as const satisfies Readonly<Record<string, Rgb>>;

/** The inner side of a wall, seen through an opening. */
export const inside = 'i';
const insideColor: Rgb = [226, 205, 196];

/** Lesions by their index against its target (on it, nearly, below, unknown), openings, and what is behind a clock. */
// biome-ignore format: the columns are the documentation
const marks = {
  lo:     { fill: '#2f9e75', stroke: '#222222', strokeWidth: 0.8 },
  lm:     { fill: '#f0d447', stroke: '#222222', strokeWidth: 0.8 },
  lw:     { fill: '#d3402c', stroke: '#222222', strokeWidth: 0.8 },
  lu:     { fill: '#ffffff', stroke: '#222222', strokeWidth: 0.8 },
  gap:    { fill: '#ffffff', fillOpacity: 0.75, stroke: '#c0148c', strokeWidth: 2.5 },
  number: { fill: '#8d0d66', size: 12, bold: true },
  grid:   { stroke: '#c4c4d4', strokeWidth: 1 },
  sector: { fill: '#555566', size: 11.5 },
} as const satisfies Readonly<Record<string, Look>>;

export type ColorLetter = (typeof regionColors)[RegionLabel][0] | keyof typeof stepColors | typeof inside;
export type LookName = `${ColorLetter}${Shade}` | keyof typeof marks;

/** The look of a colour turned to the eye by `facing`, 0 to 1. */
export function shaded(letter: ColorLetter, facing: number): LookName {
  return `${letter}${Math.min(shades - 1, Math.floor(facing * shades)) as Shade}`;
}

/** The letter of a voltage among thresholds: two, then 1 and 1.5 mV. */
export function voltageLetter(mv: number, [low = 0.2, high = 0.5]: readonly number[]): ColorLetter {
  if (Number.isNaN(mv)) return 'v';
  return steps[[low, high, 1, 1.5].filter((threshold) => mv >= threshold).length]!;
}

export function voltageLegend([low = 0.2, high = 0.5]: readonly number[]): readonly (readonly [ColorLetter, string])[] {
  return [
    ['m', `below ${low} mV`],
    ['n', `${low} to ${high}`],
    ['o', `${high} to 1`],
    ['p', '1 to 1.5'],
    ['q', '1.5 and more'],
    ['v', 'no value'],
  ];
}

/** Every look there is. */
export const looks = Object.freeze({
  ...Object.fromEntries(
    [...Object.values(regionColors), ...Object.entries(stepColors), [inside, insideColor] as const].flatMap(shadesOf),
  ),
  ...marks,
}) as Readonly<Record<LookName, Look>>;

/** The edges of a surface's triangles are drawn too, else hairlines of the page show between them. */
function shadesOf([letter, rgb]: readonly [string, Rgb]): readonly (readonly [string, Look])[] {
  return Array.from({ length: shades }, (_, shade) => {
    const light = 0.5 + (0.5 * shade) / (shades - 1);
    const hex = (value: number) =>
      Math.round(value * light)
        .toString(16)
        .padStart(2, '0');
    const color = `#${rgb.map(hex).join('')}`;
    return [`${letter}${shade}`, { fill: color, stroke: color, strokeWidth: 0.7 }];
  });
}
