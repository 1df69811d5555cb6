import type { RegionLabel } from '../anatomy/anatomy.ts';
import { shades } from './view.ts';

/** Colours by class: letters, so that a shade's digit can follow. Chosen to be told apart without red and green. */
// biome-ignore format: the columns are the documentation
export const regionColors: Readonly<Record<RegionLabel, readonly [className: string, rgb: readonly [number, number, number]]>> = {
  BODY: ['b', [198, 198, 204]],
  LSPV: ['c', [ 86, 180, 233]],
  LIPV: ['d', [  0, 114, 178]],
  RSPV: ['e', [240, 196,  66]],
  RIPV: ['f', [213, 134,  30]],
  LAA:  ['g', [140, 110, 190]],
  MV:   ['h', [120, 130, 120]],
};

/** Voltage in steps: from below the lowest threshold to healthy, as mapping systems show it; `v` has no value. */
const steps = ['m', 'n', 'o', 'p', 'q'] as const;
// biome-ignore format: the columns are the documentation
const stepColors: Readonly<Record<(typeof steps)[number] | 'v', readonly [number, number, number]>> = {
  m: [170,  30,  30],
  n: [230, 130,  40],
  o: [235, 210,  70],
  p: [ 90, 160, 210],
  q: [130,  90, 180],
  v: [210, 210, 210],
};

/** The class of a voltage among thresholds: two, then 1 and 1.5 mV. */
export function voltageClass(mv: number, [low = 0.2, high = 0.5]: readonly number[]): string {
  if (Number.isNaN(mv)) return 'v';
  return steps[[low, high, 1, 1.5].filter((threshold) => mv >= threshold).length]!;
}

export function voltageLegend([low = 0.2, high = 0.5]: readonly number[]): readonly (readonly [string, string])[] {
  return [
    ['m', `below ${low} mV`],
    ['n', `${low} to ${high}`],
    ['o', `${high} to 1`],
    ['p', '1 to 1.5'],
    ['q', '1.5 and more'],
    ['v', 'no value'],
  ];
}

/** Every colour in every shade, as rules of a stylesheet. */
export function colorRules(): string {
  const all = [...Object.values(regionColors), ...Object.entries(stepColors)] as readonly (readonly [
    string,
    readonly [number, number, number],
  ])[];
  return all
    .flatMap(([name, rgb]) =>
      Array.from({ length: shades }, (_, shade) => {
        const light = 0.5 + (0.5 * shade) / (shades - 1);
        const color = `#${rgb
          .map((value) =>
            Math.round(value * light)
              .toString(16)
              .padStart(2, '0'),
          )
          .join('')}`;
        return `.${name}${shade}{fill:${color};stroke:${color}}`;
      }),
    )
    .join('');
}
