import { type Application, ablate } from './ablation.ts';
import { type Atrium, makeAtrium } from './atrium.ts';
import { drawStamp, type ExportStamp, parseStamp } from './export-stamp.ts';
import { type Fields, makeFields } from './fields.ts';
import { type PlannedGap, planLesions } from './lesions.ts';
import type { Mesh } from './mesh.ts';
import { type CompleteNames, completeNames, type SimulatedNames } from './names.ts';
import { type MeasuredPoint, takePoints } from './points.ts';
import { randomOf } from './random.ts';
import { SimulatorError } from './simulator-error.ts';
import { meshSurface } from './surface.ts';
import { siteTagId } from './tables.ts';

/** A whole made-up study in memory, before any file of it is written. */
export interface SimulatedStudy {
  readonly seed: number;
  readonly names: CompleteNames;
  readonly stamp: ExportStamp;
  readonly atrium: Atrium;
  readonly maps: readonly SimulatedMap[];
  /** Energy applied in the first map, in order. */
  readonly applications: readonly Application[];
  readonly catheterId: number;
  /** How many vertices of the first map's mesh show another value than the first export did. */
  readonly meshEdits: number;
  readonly gap?: PlannedGap;
}

export interface SimulatedMap {
  readonly name: string;
  readonly index: number;
  readonly mesh: Mesh;
  /** Present where the map has points: only then are vertices coloured. */
  readonly fields?: Fields;
  readonly points: readonly MeasuredPoint[];
}

export interface StudyOptions {
  readonly seed: number;
  /** Points of the first map, 0 to 2000; default 24. */
  readonly points?: number;
  /** Leaves one ring of lesions open by this much, 6 to 40 mm. */
  readonly ablationGapMm?: number;
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

const fineCellMm = 2;
const coarseCellMm = 2.6;

/** Makes a study: the same options give the same study. Throws `SimulatorError` for options out of range. */
export function makeStudy(options: StudyOptions): SimulatedStudy {
  const { seed, points = 24, ablationGapMm, exportOrdinal = 0, extraPoints = 0, meshEdits = 0 } = options;
  checkNumber('seed', seed, 0, Number.MAX_SAFE_INTEGER, true);
  checkNumber('points', points, 0, 2000, true);
  checkNumber('exportOrdinal', exportOrdinal, 0, 1000, true);
  checkNumber('extraPoints', extraPoints, 0, 200, true);
  checkNumber('meshEdits', meshEdits, 0, 1000, true);
  if (ablationGapMm !== undefined) checkNumber('ablationGapMm', ablationGapMm, 6, 40, false);
  const names = completeNames(options.names);
  const counters = randomOf(seed, 'counters');
  const atrium = makeAtrium(randomOf(seed, 'anatomy'));
  const firstIndex = counters.integer(1_000, 9_000);
  const startMs = counters.integer(900_000, 2_400_000);
  const maps = names.maps.map((name, n): SimulatedMap => {
    const { low, high } = atrium.bounds;
    const mesh = meshSurface(atrium.distance, low, high, n === 0 ? fineCellMm : coarseCellMm);
    const index = firstIndex + n;
    if (n > 0 || points + extraPoints === 0) return { name, index, mesh, points: [] };
    const fields = makeFields(atrium, mesh, randomOf(seed, 'fields'));
    const plan = { before: 0, count: points, startMs, seed, siteTag: siteTagId };
    return { name, index, mesh, fields, points: takePoints(atrium, mesh, fields, plan) };
  });
  const lastPointMs = maps[0]!.points.at(-1)?.startMs ?? startMs;
  const plan = planLesions(atrium, randomOf(seed, 'lesions'), ablationGapMm);
  const start = { atMs: lastPointMs + counters.integer(300_000, 900_000), session: counters.integer(20_000, 90_000) };
  const applications = ablate(plan.targets, start, randomOf(seed, 'ablation'));
  const first = maps[0]!;
  const later = { before: points, count: extraPoints, startMs: applications.at(-1)!.endMs + 240_000, seed };
  const extra = first.fields ? takePoints(atrium, first.mesh, first.fields, { ...later, siteTag: siteTagId }) : [];
  return {
    seed,
    names,
    stamp: options.stamp === undefined ? drawStamp(randomOf(seed, 'stamp'), exportOrdinal) : parseStamp(options.stamp),
    atrium,
    maps: [{ ...first, points: [...first.points, ...extra] }, ...maps.slice(1)],
    meshEdits,
    applications,
    catheterId: counters.integer(10_000, 60_000),
    ...(plan.gap ? { gap: plan.gap } : {}),
  };
}

function checkNumber(name: string, value: number, low: number, high: number, whole: boolean): void {
  if (value >= low && value <= high && (!whole || Number.isInteger(value))) return;
  throw new SimulatorError('BAD_OPTION', `expected ${name} from ${low} to ${high}, found ${value}`, {
    hint: whole ? 'Give a whole number in that range.' : 'Give a number in that range.',
  });
}
