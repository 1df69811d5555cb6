import { vertexAreasMm2 } from '../mesh/measure.ts';
import type { Regions } from './regions.ts';
import { turned } from './rotation.ts';
import type { Shell } from './shell.ts';

/** What a model's bundle says of the shells that it was made for. */
export interface FamiliarityStats {
  readonly descriptors: readonly string[];
  readonly mean: readonly number[];
  readonly inverseCovariance: readonly (readonly number[])[];
  /** Farther than this: a person should look; than that: it is not such a shell. */
  readonly review: number;
  readonly reject: number;
}

export type Familiarity = { readonly distance: number; readonly verdict: 'familiar' | 'review' | 'strange' };

/** How far a shell is from those that the model knows, as Mahalanobis distance of its descriptors (CONTRACT.md, 9). */
export function familiarityOf(shell: Shell, regions: Regions, stats: FamiliarityStats): Familiarity {
  const off = descriptorsOf(shell, regions).map((value, at) => value - stats.mean[at]!);
  let squared = 0;
  for (const [i, a] of off.entries())
    for (const [j, b] of off.entries()) squared += a * stats.inverseCovariance[i]![j]! * b;
  const distance = Math.sqrt(Math.max(0, squared));
  // Not a number is not familiar.
  const verdict = distance <= stats.review ? 'familiar' : distance <= stats.reject ? 'review' : 'strange';
  return { distance, verdict };
}

export function descriptorsOf(shell: Shell, { clouds, pose, labels, probabilities }: Regions): number[] {
  const { points, invariants } = clouds[0]!;
  const [cx, cy, cz] = invariants.centre;
  const axes: [number[], number[], number[]] = [[], [], []];
  for (let at = 0; at < points.positions.length; at += 3) {
    const p = points.positions;
    const place = turned(pose.rotation, [p[at]! - cx, p[at + 1]! - cy, p[at + 2]! - cz]);
    for (const [axis, values] of axes.entries()) values.push(place[axis]!);
  }
  const [, radius, , reach, , , , curvature] = invariants.columns as readonly Float64Array[];
  const columns = probabilities.length / labels.length;
  const sure = Array.from(labels, (_, v) => Math.max(...probabilities.subarray(v * columns, (v + 1) * columns)));
  const areas = vertexAreasMm2(shell, shell.areasMm2);
  const byLabel = new Array<number>(columns).fill(0);
  for (const [v, area] of areas.entries()) byLabel[labels[v]!]! += area;
  return [
    Math.log(shell.areaMm2),
    ...axes.map(deviation),
    mean(radius!),
    deviation(radius!),
    deviation(reach!),
    mean(curvature!),
    mean(sure),
    ...byLabel.slice(1).map((area) => area / shell.areaMm2),
    pose.residualMm,
  ];
}

function mean(values: ArrayLike<number>): number {
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += values[at]!;
  return sum / values.length;
}

function deviation(values: ArrayLike<number>): number {
  const middle = mean(values);
  let sum = 0;
  for (let at = 0; at < values.length; at++) sum += (values[at]! - middle) ** 2;
  return Math.sqrt(sum / values.length);
}
