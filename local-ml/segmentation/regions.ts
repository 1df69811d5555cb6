import type { Checkpoint } from '../../core/gate-flag.ts';
import { floats, ints, type RunModel, softmaxRows, type Tensors } from '../inference/tensor.ts';
import { look } from '../look.ts';
import { PointGrid } from '../mesh/point-grid.ts';
import type { Vector3 } from '../mesh/vector.ts';
import { type CloudGraphs, graphsOf } from './cloud.ts';
import { featureColumns, featuresOf, type Invariants, invariantsOf } from './features.ts';
import { knownPose, type Pose, type PoseGround, type PoseSettings, unknownPose } from './pose.ts';
import { compose, type Rotation, turned } from './rotation.ts';
import { type Points, sampleCloud } from './sampling.ts';
import type { Shell } from './shell.ts';
import { tidyLabels } from './tidy-labels.ts';

/** What a model's manifest says of how its input is made and its output is used. */
export interface RegionSettings {
  readonly labels: readonly string[];
  readonly sampling: {
    readonly seeds: readonly number[];
    readonly candidates: number;
    readonly levels: readonly number[];
    readonly neighbours: number;
    readonly landmarks: number;
  };
  readonly pose: PoseSettings;
  readonly averaging: { readonly rotations: readonly Rotation[] };
}

export interface Cloud {
  readonly points: Points;
  readonly graphs: CloudGraphs;
  readonly invariants: Invariants;
}

export interface Regions {
  /** n, numbers of the model's labels, cleaned up. */
  readonly labels: Uint8Array;
  /** n x labels. */
  readonly probabilities: Float64Array;
  readonly pose: Pose;
  /** How badly the shell fits when it is looked at in a mirror, mm: a left atrium fits worse then. Infinity: not at all. */
  readonly mirrorResidualMm: number;
  readonly clouds: readonly Cloud[];
  /** Mean of all clouds' points, mm. */
  readonly centre: Vector3;
}

/** Everything of a cloud that no rotation changes. */
export function cloudOf(shell: Shell, seed: number, { sampling }: RegionSettings): Cloud {
  const { candidates, levels, neighbours, landmarks } = sampling;
  const points = sampleCloud(shell, { seed, candidates, count: levels[0]! });
  const graphs = graphsOf(points.positions, levels, neighbours);
  const invariants = invariantsOf(shell, points, { nbr: graphs.nbr[0]!, neighbours, landmarks });
  return { points, graphs, invariants };
}

/**
 * Labels every vertex of a shell (CONTRACT.md, 4 to 7): clouds are sampled the same way each time, turned into the model's
 * pose, run, averaged, and brought back to the vertices. Undefined where no pose fits.
 */
export async function segment(
  shell: Shell,
  {
    run,
    settings,
    isPoseKnown,
    checkpoint,
  }: {
    readonly run: RunModel;
    readonly settings: RegionSettings;
    readonly isPoseKnown: boolean;
    readonly checkpoint: Checkpoint;
  },
): Promise<Regions | undefined> {
  const clouds: Cloud[] = [];
  for (const seed of settings.sampling.seeds) {
    await checkpoint();
    clouds.push(cloudOf(shell, seed, settings));
  }
  const runCloud = async (cloud: Cloud, turn: Rotation) => {
    await checkpoint();
    const { logits } = await run(inputsOf(cloud, turn, settings));
    if (logits?.dtype !== 'float32') throw new TypeError('the regions model gave no logits');
    return softmaxRows(logits.data, settings.labels.length);
  };
  const [first] = clouds as [Cloud];
  const ground: PoseGround = { centred: centred(first), labels: settings.labels, settings: settings.pose };
  const findPose = isPoseKnown ? knownPose : unknownPose;
  const pose = await findPose((turn) => runCloud(first, turn), ground);
  if (!pose) return undefined;
  const inMirror = await knownPose((turn) => runCloud(first, compose(compose(turn, mirror), pose.rotation)), {
    ...ground,
    centred: reflected(ground.centred, pose.rotation),
  });
  const pooled: Float64Array[] = [];
  for (const cloud of clouds) {
    const runs: Float64Array[] = [];
    for (const extra of settings.averaging.rotations) runs.push(await runCloud(cloud, compose(extra, pose.rotation)));
    pooled.push(runs[0]!.map((_, at) => runs.reduce((sum, one) => sum + one[at]!, 0) / runs.length));
  }
  await checkpoint();
  const probabilities = spread(shell, clouds, pooled, settings.labels.length);
  return {
    labels: tidyLabels(shell, argmaxRows(probabilities, settings.labels.length)),
    probabilities,
    pose,
    mirrorResidualMm: inMirror?.residualMm ?? Infinity,
    clouds,
    centre: meanOfAll(clouds),
  };
}

/** Left for right: not a rotation, but nothing that is fed in but points and normals knows the difference. */
const mirror: Rotation = [-1, 0, 0, 0, 1, 0, 0, 0, 1];

/** Points in the pose, left for right. */
function reflected(centred: Float64Array, pose: Rotation): Float64Array {
  const out = new Float64Array(centred.length);
  for (let at = 0; at < centred.length; at += 3) {
    out.set(turned(mirror, turned(pose, [centred[at]!, centred[at + 1]!, centred[at + 2]!])), at);
  }
  return out;
}

export function inputsOf({ points, graphs, invariants }: Cloud, turn: Rotation, { sampling }: RegionSettings): Tensors {
  const { levels, neighbours } = sampling;
  const tensors: Record<string, Tensors[string]> = {
    x: floats(featuresOf(points, invariants, turn), levels[0]!, featureColumns),
  };
  for (const [level, nbr] of graphs.nbr.entries()) tensors[`nbr${level}`] = ints(nbr, levels[level]!, neighbours);
  for (const [at, { index, weight }] of graphs.up.entries()) {
    tensors[`up${at + 1}`] = ints(index, levels[at]!, 3);
    tensors[`upw${at + 1}`] = floats(Float32Array.from(weight), levels[at]!, 3);
  }
  return tensors;
}

function centred({ points: { positions }, invariants: { centre } }: Cloud): Float64Array {
  return positions.map((value, at) => value - centre[at % 3]!);
}

/** Probabilities of all clouds' points on the vertices: of each the six nearest, those that face its way before others. */
function spread(
  shell: Shell,
  clouds: readonly Cloud[],
  pooled: readonly Float64Array[],
  columns: number,
): Float64Array {
  const together = (of: (points: Points) => Float64Array) => {
    const parts = clouds.map(({ points }) => of(points));
    const all = new Float64Array(parts.reduce((sum, part) => sum + part.length, 0));
    let at = 0;
    for (const part of parts) {
      all.set(part, at);
      at += part.length;
    }
    return all;
  };
  const positions = together((points) => points.positions);
  const normals = together((points) => points.normals);
  const size = clouds[0]!.points.positions.length / 3;
  const grid = new PointGrid(positions);
  const { positionsMm: p, normals: n } = shell;
  const out = new Float64Array((p.length / 3) * columns);
  for (let v = 0; v < p.length / 3; v++) {
    look();
    const { index, squared } = grid.nearest([p[3 * v]!, p[3 * v + 1]!, p[3 * v + 2]!], 6);
    let total = 0;
    for (const [k, at] of index.entries()) {
      const along =
        n[3 * v]! * normals[3 * at]! + n[3 * v + 1]! * normals[3 * at + 1]! + n[3 * v + 2]! * normals[3 * at + 2]!;
      const weight = (1 / (squared[k]! + 1)) * (along > 0 ? 1 : 0.1);
      total += weight;
      const [cloud, row] = [pooled[Math.floor(at / size)]!, (at % size) * columns];
      for (let c = 0; c < columns; c++) out[v * columns + c]! += weight * cloud[row + c]!;
    }
    for (let c = 0; c < columns; c++) out[v * columns + c]! /= total;
  }
  return out;
}

/** The place of the greatest number of each row, the first of equals. */
function argmaxRows(values: Float64Array, columns: number): Uint8Array {
  return new Uint8Array(values.length / columns).map((_, row) => {
    let best = 0;
    for (let c = 1; c < columns; c++) if (values[row * columns + c]! > values[row * columns + best]!) best = c;
    return best;
  });
}

function meanOfAll(clouds: readonly Cloud[]): Vector3 {
  let [x, y, z, count] = [0, 0, 0, 0];
  for (const { points } of clouds) {
    for (let at = 0; at < points.positions.length; at += 3) {
      x += points.positions[at]!;
      y += points.positions[at + 1]!;
      z += points.positions[at + 2]!;
      count++;
    }
  }
  return [x / count, y / count, z / count];
}
