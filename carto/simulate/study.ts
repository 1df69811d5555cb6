import { type Application, ablate } from './ablation.ts';
import { makeAtrium } from './atrium.ts';
import { canaryNames } from './canaries.ts';
import { type Chamber, type Variant, valveRim } from './chamber.ts';
import { cutLid } from './cut-out.ts';
import { drawStamp, type ExportStamp, parseStamp } from './export-stamp.ts';
import { type Fields, makeFields } from './fields.ts';
import type { Generation } from './generation.ts';
import { type PlannedGap, planLesions } from './lesions.ts';
import type { Mesh } from './mesh.ts';
import { type CompleteNames, completeNames } from './names.ts';
import { type CompleteOptions, completeOptions, type StudyOptions } from './options.ts';
import { type MeasuredPoint, mappingCatheter, type PointPlan, takePoints } from './points.ts';
import { randomOf } from './random.ts';
import { makeRightAtrium } from './right-atrium.ts';
import { meshSurface } from './surface.ts';
import { siteTagId } from './tables.ts';
import type { Vector } from './vector.ts';
import { makeVentricle } from './ventricle.ts';

/** A whole made-up study in memory, before any file of it is written. */
export interface SimulatedStudy {
  readonly seed: number;
  readonly options: CompleteOptions;
  readonly generation: Generation;
  readonly names: CompleteNames;
  readonly stamp: ExportStamp;
  readonly chamber: Chamber;
  readonly maps: readonly SimulatedMap[];
  /** Energy applied in the first map, in order. */
  readonly applications: readonly Application[];
  readonly catheterId: number;
  /** Electrodes of the catheter in the coronary sinus. */
  readonly sinus: readonly Vector[];
  readonly gap?: PlannedGap;
}

export interface SimulatedMap {
  readonly name: string;
  readonly index: number;
  readonly mesh: Mesh;
  /** Whether the valve's lid was cut out of the mesh. */
  readonly open: boolean;
  /** Present where the map has points: only then are vertices coloured. */
  readonly fields?: Fields;
  readonly points: readonly MeasuredPoint[];
  /** True for the map in which energy was applied, and for re-maps, which repeat its files. */
  readonly ablated: boolean;
}

const cells = { fineMm: 2, coarseMm: 2.6, veryFineMm: 1.5 } as const;
const manyPoints = 2000;

/** Makes a study: the same options give the same study. Throws `SimulatorError` for options out of range. */
export function makeStudy(given: StudyOptions): SimulatedStudy {
  const options = completeOptions(given);
  const { seed, points, extraPoints, ablationGapMm } = options;
  const names = completeNames({ ...(options.canaries ? canaryNames(seed) : {}), ...given.names }, options);
  const counters = randomOf(seed, 'counters');
  const chamber = makeChamber(options);
  const firstIndex = counters.integer(1_000, 9_000);
  const startMs = counters.integer(900_000, 2_400_000);
  const site = new Site(options, chamber);
  const mesh = site.mesh(points > manyPoints ? cells.veryFineMm : cells.fineMm);
  const fields = makeFields(chamber, mesh, randomOf(seed, 'fields'));
  const first = site.points('map1', mesh, fields, { count: points, startMs });

  const plan = planLesions(chamber, { random: randomOf(seed, 'lesions'), scar: fields.patch, gapMm: ablationGapMm });
  const lastPointMs = first.at(-1)?.recording.startMs ?? startMs;
  const start = { atMs: lastPointMs + counters.integer(300_000, 900_000), session: counters.integer(20_000, 90_000) };
  const highPower = options.generation.visiTag.highPower;
  const applications = ablate(plan.targets, { ...start, highPower }, randomOf(seed, 'ablation'));
  const endMs = applications.at(-1)!.endMs;

  const before = { points: first.length, recordings: new Set(first.map(({ recording }) => recording)).size };
  const extra = site.points('map1', mesh, fields, { before, count: extraPoints, startMs: endMs + 240_000 });
  const coloured = first.length + extra.length > 0 ? { fields } : {};
  const maps: SimulatedMap[] = [
    {
      name: names.maps[0]!,
      index: firstIndex,
      mesh,
      open: false,
      ...coloured,
      points: [...first, ...extra],
      ablated: true,
    },
    ...names.maps.slice(1).map((name, n): SimulatedMap => {
      const whole = site.mesh(cells.coarseMm);
      const mesh = options.cutOuts ? cutLid(chamber, whole) : whole;
      return { name, index: firstIndex + n + 1, mesh, open: options.cutOuts, points: [], ablated: false };
    }),
  ];
  if (options.remap) {
    const isolated = makeFields(chamber, mesh, randomOf(seed, 'fields'), true);
    const count = Math.max(2, Math.round(points / 4));
    const again = site.points('remap', mesh, isolated, { count, startMs: endMs + 3_600_000 });
    const index = firstIndex + names.maps.length;
    maps.push({ name: names.remap, index, mesh, open: false, fields: isolated, points: again, ablated: true });
  }
  return {
    seed,
    options,
    generation: options.generation,
    names,
    stamp:
      options.stamp === undefined
        ? drawStamp(randomOf(seed, 'stamp'), options.exportOrdinal)
        : parseStamp(options.stamp),
    chamber,
    maps,
    applications,
    catheterId: counters.integer(10_000, 60_000),
    sinus: valveRim(chamber).slice(0, 10),
    ...(plan.gap ? { gap: plan.gap } : {}),
  };
}

/** The chamber of a seed, whatever else is asked of the study. */
export function makeChamber({
  seed,
  chamber,
  variant,
}: Pick<CompleteOptions, 'seed' | 'chamber' | 'variant'>): Chamber {
  const random = randomOf(seed, 'anatomy');
  if (chamber === 'right-atrium') return makeRightAtrium(random);
  if (chamber === 'left-ventricle') return makeVentricle(random);
  return makeAtrium(random, variant ?? drawVariant(seed));
}

function drawVariant(seed: number): Variant {
  const share = randomOf(seed, 'variant').next();
  return share < 0.76 ? 'typical' : share < 0.88 ? 'common-trunk' : 'right-middle';
}

/** Meshes and points of one chamber. */
class Site {
  readonly #options: CompleteOptions;
  readonly #chamber: Chamber;

  constructor(options: CompleteOptions, chamber: Chamber) {
    this.#options = options;
    this.#chamber = chamber;
  }

  mesh(cellMm: number): Mesh {
    const { distance, bounds } = this.#chamber;
    return meshSurface(distance, bounds.low, bounds.high, cellMm);
  }

  points(
    stream: string,
    mesh: Mesh,
    fields: Fields,
    plan: Pick<PointPlan, 'count' | 'startMs'> & Partial<Pick<PointPlan, 'before'>>,
  ): MeasuredPoint[] {
    const { seed, generation, catheter } = this.#options;
    const many = generation.sharedRecordings && catheter !== 'navistar';
    return takePoints(
      { seed, stream, chamber: this.#chamber, mesh, fields },
      {
        before: { points: 0, recordings: 0 },
        ...plan,
        ...(many ? { catheter: mappingCatheter(catheter, randomOf(seed, 'catheter')) } : {}),
        siteTag: siteTagId,
      },
    );
  }
}
