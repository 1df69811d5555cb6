import type { Catheter } from './catheter.ts';
import { type Chamber, onLid } from './chamber.ts';
import { ontoSurface } from './distance.ts';
import { type ElectrogramTarget, type Rhythm, referenceSample } from './electrogram.ts';
import type { Fields } from './fields.ts';
import { type Mesh, nearestVertex } from './mesh.ts';
import { type Random, randomOf } from './random.ts';
import { across, add, cross, scale, unit, type Vector, vectorAt } from './vector.ts';

/** 2.5 s of all channels, from which one point is made or several. Its signals are drawn anew whenever they are asked for. */
export interface Recording {
  readonly seed: number;
  /** Names the streams of the seed that it is drawn from. */
  readonly stream: string;
  /** Study clock at sample 0. */
  readonly startMs: number;
  readonly rhythm: Rhythm;
  /** The catheter of many electrodes that was used; absent for the ablation catheter alone. */
  readonly catheter?: Catheter;
  /** What the tissue at each electrode shows; of the ablation catheter, at its tip. */
  readonly targets: readonly ElectrogramTarget[];
  /** Where the electrodes were at the annotation, those on the shaft first; of the ablation catheter, its tip. */
  readonly shaft: readonly Vector[];
  readonly electrodes: readonly Vector[];
  /** The vertex nearest to each electrode. */
  readonly vertices: readonly number[];
  readonly orientation: Vector;
}

/** Everything that is the same for all recordings of a map. */
export interface Workplace {
  readonly seed: number;
  /** Tells the maps of a study apart. */
  readonly stream: string;
  readonly chamber: Chamber;
  readonly mesh: Mesh;
  readonly fields: Fields;
}

interface Moment {
  readonly ordinal: number;
  readonly startMs: number;
  /** Where the catheter is held. */
  readonly vertex: number;
}

/** The ablation catheter, held against a vertex. `noisy`: nothing can be annotated there. */
export function recordTip(workplace: Workplace, moment: Moment, noisy: boolean): Recording {
  const { mesh, seed } = workplace;
  const stream = `${workplace.stream}/${moment.ordinal}`;
  const random = randomOf(seed, `recording/${stream}`);
  const outward = vectorAt(mesh.vertexNormals, moment.vertex);
  const place = add(vectorAt(mesh.vertices, moment.vertex), scale(outward, random.between(-2.5, 1)));
  return {
    seed,
    stream,
    startMs: moment.startMs,
    rhythm: drawRhythm(workplace.chamber, random),
    targets: [targetAt(workplace, moment.vertex, noisy, random)],
    shaft: [],
    electrodes: [place],
    vertices: [moment.vertex],
    orientation: drawOrientation(random),
  };
}

/** A catheter of many electrodes, spread on the wall around a vertex. */
export function recordSplines(workplace: Workplace, moment: Moment, catheter: Catheter): Recording {
  const { mesh, seed, chamber } = workplace;
  const stream = `${workplace.stream}/${moment.ordinal}`;
  const random = randomOf(seed, `recording/${stream}`);
  const centre = vectorAt(mesh.vertices, moment.vertex);
  const outward = vectorAt(mesh.vertexNormals, moment.vertex);
  const right = unit(across([random.normal(), random.normal(), random.normal()], outward));
  const up = cross(outward, right);
  const rhythm = drawRhythm(chamber, random);
  const electrodes: Vector[] = [];
  for (let n = 0; n < catheter.splines * catheter.perSpline; n += 1) {
    const [u, v] = spread(catheter, n);
    const near = add(centre, add(scale(right, u), scale(up, v)));
    const wall = ontoSurface(chamber.distance, near);
    electrodes.push(add(wall, scale(outward, random.between(-1.6, 0.2))));
  }
  const vertices = electrodes.map((place) => nearestVertex(mesh, place));
  const shaft = Array.from({ length: catheter.shaft }, (_, n) => add(centre, scale(outward, -4 - 4 * n)));
  return {
    seed,
    stream,
    startMs: moment.startMs,
    rhythm,
    catheter,
    targets: vertices.map((vertex) =>
      targetAt(workplace, vertex, onLid(chamber, vectorAt(mesh.vertices, vertex)), random),
    ),
    shaft,
    electrodes,
    vertices,
    orientation: drawOrientation(random),
  };
}

/** Where an electrode lies in the plane of the wall, mm from the centre. */
function spread(
  { splines, perSpline, spacingMm, firstMm, ringMm }: Catheter,
  electrode: number,
): readonly [number, number] {
  const all = splines * perSpline;
  const share = ringMm === undefined ? Math.floor(electrode / perSpline) / splines : electrode / all;
  const far = ringMm ?? firstMm + (electrode % perSpline) * spacingMm;
  return [far * Math.cos(2 * Math.PI * share), far * Math.sin(2 * Math.PI * share)];
}

function targetAt({ fields }: Workplace, vertex: number, noisy: boolean, random: Random): ElectrogramTarget {
  const scar = noisy || fields.bipolarMv[vertex]! < 0.1;
  return {
    unipolarMv: fields.unipolarMv[vertex]! * random.between(0.95, 1.05),
    bipolarMv: scar ? 0.04 : fields.bipolarMv[vertex]! * random.between(0.95, 1.05),
    latMs: scar ? undefined : Math.round(fields.latMs[vertex]! + 1.5 * random.normal()),
  };
}

/** This beat and its neighbours; the reference one exactly on its sample. */
function drawRhythm({ tissue }: Chamber, random: Random): Rhythm {
  const cycleMs = random.between(720, 860);
  const beats = [-3, -2, -1, 0, 1].map((n) =>
    n === 0 ? referenceSample : Math.round(referenceSample + n * cycleMs + random.between(-12, 12)),
  );
  return { beats, referenceMs: tissue.referenceMs };
}

function drawOrientation(random: Random): Vector {
  return [random.between(-3, 3), random.between(-1.2, 1.2), random.between(-0.5, 0.5)];
}
