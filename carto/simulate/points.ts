import { type Catheter, multiElectrode } from './catheter.ts';
import { type Chamber, onLid } from './chamber.ts';
import { splineSignals, tipElectrogram } from './ecg.ts';
import { peakToPeakMv } from './electrogram.ts';
import type { Mesh } from './mesh.ts';
import { drawPointForce } from './point-force.ts';
import { type Random, randomOf } from './random.ts';
import { type Recording, recordSplines, recordTip, type Workplace } from './recording.ts';
import { type Vector, vectorAt } from './vector.ts';

/** One point, with everything the export says about it but the signals and tracks of its recording. */
export interface MeasuredPoint {
  readonly id: number;
  readonly recording: Recording;
  /** Where the electrode was; it floats a little inside the surface or pushes it out. */
  readonly place: Vector;
  readonly surfacePlace: Vector;
  readonly channels: { readonly unipolar: string; readonly bipolar: string };
  /** Peak to peak of these channels in the window of interest. */
  readonly unipolarMv: number;
  readonly bipolarMv: number;
  /** Whole ms against the reference; undefined where no activation could be annotated. */
  readonly latMs: number | undefined;
  /** Of the ablation catheter only. */
  readonly tip?: { readonly impedanceOhm: number; readonly meanForceG: number; readonly forceG: number };
  readonly tags: readonly number[];
}

export interface PointPlan {
  /** What was taken before: ids and places go on after it. */
  readonly before: { readonly points: number; readonly recordings: number };
  readonly count: number;
  readonly startMs: number;
  /** The catheter with many electrodes, if there is one. */
  readonly catheter?: Catheter;
  /** The site's own tag, put on the first point. */
  readonly siteTag: number;
}

const scarTag = 10;
/** With a catheter of many electrodes: recordings that were taken with the tip all the same. */
const tipShare = 0.2;
/** Of a catheter with so many pairs so many become points, on the mean; of one with more, more, but fewer of each. */
const usual = { pairs: 15, taken: 2.7 } as const;

/** Takes points spread over the wall, each recording from its own stream of the seed. */
export function takePoints(workplace: Workplace, plan: PointPlan): MeasuredPoint[] {
  const { seed, stream } = workplace;
  const places = spreadOut(workplace.chamber, workplace.mesh, randomOf(seed, `${stream}/places`));
  for (let n = 0; n < plan.before.recordings; n += 1) places.next();
  const points: MeasuredPoint[] = [];
  let startMs = plan.startMs;
  for (let ordinal = plan.before.recordings + 1; points.length < plan.count; ordinal += 1) {
    const random = randomOf(seed, `${stream}/choice/${ordinal}`);
    startMs += random.integer(2_600, 9_000);
    const moment = { ordinal, startMs, vertex: places.next().value };
    const firstId = plan.before.points + points.length + 1;
    const taken =
      plan.catheter === undefined || random.next() < tipShare
        ? [takeTip(workplace, recordTip(workplace, moment, ordinal % 12 === 0), firstId, random)]
        : takePairs(workplace, recordSplines(workplace, moment, plan.catheter), firstId, random);
    points.push(...taken.slice(0, plan.count - points.length));
  }
  return points.map((point) => (point.id === 1 ? { ...point, tags: [plan.siteTag, ...point.tags] } : point));
}

/** The catheter that v7 maps with, drawn unless it is named. */
export function mappingCatheter(name: keyof typeof multiElectrode | undefined, random: Random): Catheter {
  const all = Object.values(multiElectrode);
  return name === undefined ? all[random.integer(0, all.length - 1)]! : multiElectrode[name];
}

function takeTip({ mesh, fields }: Workplace, recording: Recording, id: number, random: Random): MeasuredPoint {
  const { unipolar, bipolar } = tipElectrogram(recording);
  const vertex = recording.vertices[0]!;
  const { latMs } = recording.targets[0]!;
  const meanForceG = Math.max(3, fields.forceG[vertex]! + random.between(-1, 1));
  return {
    id,
    recording,
    place: recording.electrodes[0]!,
    surfacePlace: vectorAt(mesh.vertices, vertex),
    channels: { unipolar: 'M1', bipolar: 'M1-M2' },
    unipolarMv: peakToPeakMv(unipolar),
    bipolarMv: peakToPeakMv(bipolar),
    latMs,
    tip: {
      impedanceOhm: Math.round(fields.impedanceOhm[vertex]! * 4) / 4,
      meanForceG,
      forceG: forceOf(recording, meanForceG).graph.forceG,
    },
    tags: latMs === undefined ? [scarTag] : [],
  };
}

/** The force around a point, as its file holds it. */
export function forceOf({ seed, stream, startMs }: Recording, meanForceG: number) {
  return drawPointForce(startMs, meanForceG, randomOf(seed, `force/${stream}`));
}

/** A point for each pair that touches the wall and was accepted; at least one. */
function takePairs(
  { mesh, chamber }: Workplace,
  recording: Recording,
  firstId: number,
  random: Random,
): MeasuredPoint[] {
  const { perSpline } = recording.catheter!;
  const pairs = [...recording.electrodes.keys()].filter((n) => n % perSpline < perSpline - 1);
  const share = usual.taken / Math.sqrt(usual.pairs * pairs.length);
  const touching = pairs.filter((n) => !onLid(chamber, vectorAt(mesh.vertices, recording.vertices[n]!)));
  const accepted = touching.filter(() => random.next() < share);
  const chosen = accepted.length > 0 ? accepted : [touching[0] ?? 0];
  const signals = new Map(splineSignals(recording).map(({ channel, counts }) => [channel[0], counts]));
  return chosen.map((n, k): MeasuredPoint => {
    const channels = {
      unipolar: recording.catheter!.unipolar(n + 1)[0],
      bipolar: recording.catheter!.bipolar(n + 1)[0],
    };
    const { latMs } = recording.targets[n]!;
    return {
      id: firstId + k,
      recording,
      place: recording.electrodes[n]!,
      surfacePlace: vectorAt(mesh.vertices, recording.vertices[n]!),
      channels,
      unipolarMv: peakToPeakMv(signals.get(channels.unipolar)!),
      bipolarMv: peakToPeakMv(signals.get(channels.bipolar)!),
      latMs,
      tags: latMs === undefined ? [scarTag] : [],
    };
  });
}

/** Vertices off the valve's lid, each as far as can be from all before it; goes on for ever. */
function* spreadOut(chamber: Chamber, mesh: Mesh, random: Random): Generator<number, never> {
  const { vertices } = mesh;
  const candidates = Array.from({ length: vertices.length / 3 }, (_, n) => n).filter(
    (n) => !onLid(chamber, vectorAt(vertices, n)),
  );
  const squares = new Float64Array(candidates.length).fill(Number.POSITIVE_INFINITY);
  for (let next = random.integer(0, candidates.length - 1); ; ) {
    const vertex = candidates[next]!;
    yield vertex;
    const [x, y, z] = vectorAt(vertices, vertex);
    let widest = -1;
    for (let n = 0; n < candidates.length; n += 1) {
      const at = 3 * candidates[n]!;
      const square = (vertices[at]! - x) ** 2 + (vertices[at + 1]! - y) ** 2 + (vertices[at + 2]! - z) ** 2;
      if (square < squares[n]!) squares[n] = square;
      if (squares[n]! > widest) {
        widest = squares[n]!;
        next = n;
      }
    }
  }
}
