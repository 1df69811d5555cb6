import { type Atrium, onMitralLid } from './atrium.ts';
import { drawElectrogram, type Electrogram, peakToPeakMv, referenceSample } from './electrogram.ts';
import type { Fields } from './fields.ts';
import type { Mesh } from './mesh.ts';
import { drawPointForce, type PointForce } from './point-force.ts';
import { type Random, randomOf } from './random.ts';
import { add, distanceBetween, scale, type Vector, vectorAt } from './vector.ts';

/** One point taken with the mapping catheter, with everything the export says about it. */
export interface MeasuredPoint {
  readonly id: number;
  /** Where the tip was; it floats a little inside the surface or pushes it out. */
  readonly place: Vector;
  readonly surfacePlace: Vector;
  readonly orientation: Vector;
  /** Study clock at sample 0 of the recording. */
  readonly startMs: number;
  readonly beats: readonly number[];
  readonly electrogram: Electrogram;
  /** Peak to peak of the electrogram in the window of interest. */
  readonly unipolarMv: number;
  readonly bipolarMv: number;
  /** Whole ms against the reference; undefined where no activation could be annotated. */
  readonly latMs: number | undefined;
  readonly impedanceOhm: number;
  readonly force: PointForce;
  readonly tags: readonly number[];
}

export interface PointPlan {
  /** Points that were taken before: ids and places go on after them. */
  readonly before: number;
  readonly count: number;
  readonly startMs: number;
  readonly seed: number;
  /** The site's own tag, put on the first point. */
  readonly siteTag: number;
}

const scarTag = 10;

/** Takes points spread over the wall, each from its own stream of the seed. */
export function takePoints(atrium: Atrium, mesh: Mesh, fields: Fields, plan: PointPlan): MeasuredPoint[] {
  const order = spreadOut(atrium, mesh, plan.before + plan.count, randomOf(plan.seed, 'points'));
  let startMs = plan.startMs;
  return order.slice(plan.before).map((vertex, n) => {
    const id = plan.before + n + 1;
    const random = randomOf(plan.seed, `point/${id}`);
    startMs += random.integer(2_600, 9_000);
    return takePoint({ id, vertex, startMs, siteTag: plan.siteTag }, { mesh, fields }, random);
  });
}

function takePoint(
  { id, vertex, startMs, siteTag }: { id: number; vertex: number; startMs: number; siteTag: number },
  { mesh, fields }: { mesh: Mesh; fields: Fields },
  random: Random,
): MeasuredPoint {
  const surfacePlace = vectorAt(mesh.vertices, vertex);
  const outward = vectorAt(mesh.vertexNormals, vertex);
  const scar = fields.bipolarMv[vertex]! < 0.1 || id % 12 === 0;
  const wanted = {
    unipolarMv: fields.unipolarMv[vertex]! * random.between(0.95, 1.05),
    bipolarMv: scar ? 0.04 : fields.bipolarMv[vertex]! * random.between(0.95, 1.05),
    latMs: scar ? undefined : Math.round(fields.latMs[vertex]! + 1.5 * random.normal()),
    beats: beatsOf(random),
  };
  const electrogram = drawElectrogram(wanted, random);
  return {
    id,
    place: add(surfacePlace, scale(outward, random.between(-2.5, 1))),
    surfacePlace,
    orientation: [random.between(-3, 3), random.between(-1.2, 1.2), random.between(-0.5, 0.5)],
    startMs,
    beats: wanted.beats,
    electrogram,
    unipolarMv: peakToPeakMv(electrogram.unipolar),
    bipolarMv: peakToPeakMv(electrogram.bipolar),
    latMs: wanted.latMs,
    impedanceOhm: Math.round(fields.impedanceOhm[vertex]! * 4) / 4,
    force: drawPointForce(startMs, Math.max(3, fields.forceG[vertex]!), random),
    tags: [...(id === 1 ? [siteTag] : []), ...(scar ? [scarTag] : [])],
  };
}

/** P waves of this beat and its neighbours; the reference one exactly on its sample. */
function beatsOf(random: Random): number[] {
  const cycleMs = random.between(720, 860);
  return [-3, -2, -1, 0, 1].map((n) =>
    n === 0 ? referenceSample : Math.round(referenceSample + n * cycleMs + random.between(-12, 12)),
  );
}

/** Farthest-first order of vertices off the mitral lid. */
function spreadOut(atrium: Atrium, mesh: Mesh, count: number, random: Random): number[] {
  const candidates = [...mesh.vertices.keys()]
    .filter((n) => n < mesh.vertices.length / 3)
    .filter((n) => !onMitralLid(atrium, vectorAt(mesh.vertices, n)));
  const gaps = new Float64Array(candidates.length).fill(Number.POSITIVE_INFINITY);
  const chosen: number[] = [];
  let next = random.integer(0, candidates.length - 1);
  while (chosen.length < count) {
    const vertex = candidates[next]!;
    chosen.push(vertex);
    const place = vectorAt(mesh.vertices, vertex);
    let widest = -1;
    for (let n = 0; n < candidates.length; n += 1) {
      gaps[n] = Math.min(gaps[n]!, distanceBetween(place, vectorAt(mesh.vertices, candidates[n]!)));
      if (gaps[n]! > widest) {
        widest = gaps[n]!;
        next = n;
      }
    }
  }
  return chosen;
}
