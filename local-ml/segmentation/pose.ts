import type { Vector3 } from '../mesh/vector.ts';
import { angleDegrees, compose, fitRotation, identity, inverse, type Rotation } from './rotation.ts';

/** The part of a model's manifest that says how its pose is found (CONTRACT.md, 6). */
export interface PoseSettings {
  /** Where the middles of the labels stand, mm, by label. */
  readonly template: Readonly<Record<string, Vector3>>;
  readonly residualWeight: number;
  readonly turnWeight: number;
  readonly maxTurnDegrees: number;
  readonly starts: readonly Rotation[];
  readonly keep: number;
  readonly rounds: number;
}

/** Probabilities of the points of one cloud under a rotation: n x labels. */
export type Run = (turn: Rotation) => Promise<Float64Array>;

export interface Fit {
  readonly rotation: Rotation;
  readonly residualMm: number;
}

export interface Pose {
  readonly rotation: Rotation;
  readonly residualMm: number;
  /** A pose that should have been near the frame and is not. */
  readonly isInConflict: boolean;
}

export interface PoseGround {
  /** 3n, mm, about their mean. */
  readonly centred: Float64Array;
  readonly labels: readonly string[];
  readonly settings: PoseSettings;
}

const leastWeight = 8;
const leastLabels = 4;

/** The rotation that lays the middles of the labels on the template's; undefined with fewer than four labels. */
export function fitPose(probabilities: Float64Array, { centred, labels, settings }: PoseGround): Fit | undefined {
  const source: Vector3[] = [];
  const target: Vector3[] = [];
  for (const [k, label] of labels.entries()) {
    const template = settings.template[label];
    if (!template) continue;
    let [weight, x, y, z] = [0, 0, 0, 0];
    for (let i = 0; i < centred.length / 3; i++) {
      const p = probabilities[i * labels.length + k]!;
      weight += p;
      x += p * centred[3 * i]!;
      y += p * centred[3 * i + 1]!;
      z += p * centred[3 * i + 2]!;
    }
    if (weight < leastWeight) continue;
    source.push([x / weight, y / weight, z / weight]);
    target.push(template);
  }
  if (source.length < leastLabels) return undefined;
  const { rotation, residual } = fitRotation(source, target);
  return { rotation, residualMm: residual };
}

/** The pose of a shell whose frame is known within some 30 degrees. Undefined where nothing fits. */
export async function knownPose(run: Run, ground: PoseGround): Promise<Pose | undefined> {
  const first = fitPose(await run(identity), ground);
  const second = first && fitPose(await run(first.rotation), ground);
  if (!second) return undefined;
  const isInConflict = angleDegrees(second.rotation) > ground.settings.maxTurnDegrees;
  return { ...second, rotation: isInConflict ? identity : second.rotation, isInConflict };
}

interface Scored {
  readonly score: number;
  /** The rotation that was run. */
  readonly ran: Rotation;
  readonly fit: Fit | undefined;
}

/** The pose of a shell that may stand in any way. Undefined where nothing fits. */
export async function unknownPose(run: Run, ground: PoseGround): Promise<Pose | undefined> {
  const { starts, keep, rounds } = ground.settings;
  const tried: Scored[] = [];
  for (const start of starts) tried.push(await score(run, start, ground));
  const kept = tried.map((one, at) => ({ one, at })).sort((a, b) => b.one.score - a.one.score || a.at - b.at);
  let best: Scored | undefined;
  const consider = (one: Scored) => {
    if (one.fit && (!best || one.score > best.score)) best = one;
  };
  for (const { one } of kept.slice(0, keep)) {
    consider(one);
    let from = one;
    for (let round = 0; round < rounds && from.fit; round++) {
      from = await score(run, from.fit.rotation, ground);
      consider(from);
    }
  }
  return best?.fit && { rotation: best.ran, residualMm: best.fit.residualMm, isInConflict: false };
}

async function score(run: Run, ran: Rotation, ground: PoseGround): Promise<Scored> {
  const { settings, labels } = ground;
  const probabilities = await run(ran);
  const fit = fitPose(probabilities, ground);
  if (!fit) return { score: -1, ran, fit };
  let sure = 0;
  for (let at = 0; at < probabilities.length; at += labels.length) {
    let most = 0;
    for (let k = at; k < at + labels.length; k++) most = Math.max(most, probabilities[k]!);
    sure += most;
  }
  const turn = angleDegrees(compose(fit.rotation, inverse(ran)));
  const mean = sure / (probabilities.length / labels.length);
  return { score: mean - settings.residualWeight * fit.residualMm - settings.turnWeight * turn, ran, fit };
}
