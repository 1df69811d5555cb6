import { type CatheterName, catheterNames } from './catheter.ts';
import { type ChamberKind, chamberKinds, type Variant, variants } from './chamber.ts';
import { type Generation, type GenerationName, generationNames, generations } from './generation.ts';
import type { SimulatedNames } from './names.ts';
import { SimulatorError } from './simulator-error.ts';

export const studySizes = ['small', 'clinical', 'huge'] as const;
export type StudySize = (typeof studySizes)[number];

/** What a study is like. The same options give the same study, byte for byte. */
export interface StudyOptions {
  readonly seed: number;
  /** `small` (default): 24 points. `clinical`: 1,000 points and all tables of positions. `huge`: 4,000, with the widest table. */
  readonly size?: StudySize;
  /** Points of the first map, 0 to 10,000; default by size. */
  readonly points?: number;
  /** Default: `v6` where the size is `small`, else `v7`. */
  readonly generation?: GenerationName;
  /** Default `left-atrium`. */
  readonly chamber?: ChamberKind;
  /** How the veins of a left atrium run. Default: drawn, three of four being typical. */
  readonly variant?: Variant;
  /** The mapping catheter of generation v7 (others know `navistar` only). Default: drawn, one with many electrodes. */
  readonly catheter?: CatheterName;
  /** Leaves one line of lesions open by this much, 6 to 40 mm. */
  readonly ablationGapMm?: number;
  /** Adds a map of the ablated chamber with points of its own; it repeats the RF files of the first map. */
  readonly remap?: boolean;
  /** Adds pace-map templates. */
  readonly paso?: boolean;
  /** Adds an imported CT shell with its registration. */
  readonly shell?: boolean;
  /** Cuts the valves out of the meshes of all maps but the first. */
  readonly cutOuts?: boolean;
  /** Plants made-up identifiers in every free text: see `canariesOf`. */
  readonly canaries?: boolean;
  readonly names?: SimulatedNames;
  /** Which export of the study this is, 0 to 1000: a later one has a later stamp and is otherwise the same. Default 0. */
  readonly exportOrdinal?: number;
  /** The export stamp itself, `MM_DD_YYYY HH-MM-SS`, in place of a drawn one. */
  readonly stamp?: string;
  /** Points added to the first map after the last lesion, 0 to 200: every other recording stays as it was. Default 0. */
  readonly extraPoints?: number;
  /** Changes so many single bytes of the first map's mesh, 0 to 1000, as an edited colouring would. Default 0. */
  readonly meshEdits?: number;
}

/** Options with every default filled in. */
export interface CompleteOptions {
  readonly seed: number;
  readonly size: StudySize;
  readonly points: number;
  readonly generation: Generation;
  readonly chamber: ChamberKind;
  readonly variant: Variant | undefined;
  readonly catheter: CatheterName | undefined;
  readonly ablationGapMm: number | undefined;
  readonly remap: boolean;
  readonly paso: boolean;
  readonly shell: boolean;
  readonly cutOuts: boolean;
  readonly canaries: boolean;
  readonly exportOrdinal: number;
  readonly stamp: string | undefined;
  readonly extraPoints: number;
  readonly meshEdits: number;
}

const pointsOfSize: Readonly<Record<StudySize, number>> = { small: 24, clinical: 1000, huge: 4000 };

/** Fills in the defaults. Throws `BAD_OPTION` for what is out of range. */
export function completeOptions(options: StudyOptions): CompleteOptions {
  const { seed, size = 'small', variant, catheter, ablationGapMm, stamp } = options;
  const { chamber = 'left-atrium', exportOrdinal = 0, extraPoints = 0, meshEdits = 0 } = options;
  const { remap = false, paso = false, shell = false, cutOuts = false, canaries = false } = options;
  checkWord('size', size, studySizes);
  const { generation = size === 'small' ? 'v6' : 'v7', points = pointsOfSize[size] } = options;
  checkWord('generation', generation, generationNames);
  checkWord('chamber', chamber, chamberKinds);
  if (variant !== undefined) checkWord('variant', variant, chamber === 'left-atrium' ? variants : ['typical']);
  if (catheter !== undefined) checkWord('catheter', catheter, generation === 'v7' ? catheterNames : ['navistar']);
  checkNumber('seed', seed, 0, Number.MAX_SAFE_INTEGER, true);
  checkNumber('points', points, 0, 10_000, true);
  checkNumber('exportOrdinal', exportOrdinal, 0, 1000, true);
  checkNumber('extraPoints', extraPoints, 0, 200, true);
  checkNumber('meshEdits', meshEdits, 0, 1000, true);
  if (ablationGapMm !== undefined) checkNumber('ablationGapMm', ablationGapMm, 6, 40, false);
  return {
    ...{ seed, size, points, chamber, variant, catheter, ablationGapMm, stamp },
    ...{ remap, paso, shell, cutOuts, canaries, exportOrdinal, extraPoints, meshEdits },
    generation: generations[generation],
  };
}

/** Throws `BAD_OPTION` for a word that is none of these. */
export function checkWord(name: string, word: string, words: readonly string[]): void {
  if (words.includes(word)) return;
  throw new SimulatorError('BAD_OPTION', `expected ${name} to be one of ${words.join(', ')}, found another word`, {
    hint: 'Choose one of the words named.',
  });
}

function checkNumber(name: string, value: number, low: number, high: number, whole: boolean): void {
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return;
  throw new SimulatorError('BAD_OPTION', `expected ${name} from ${low} to ${high}, found ${value}`, {
    hint: whole ? 'Give a whole number in that range.' : 'Give a number in that range.',
  });
}
