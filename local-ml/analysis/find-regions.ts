import type { Checkpoint } from '../../core/gate-flag.ts';
import type { Abstention } from '../../protocol/findings.ts';
import { regionLabels } from '../anatomy/anatomy.ts';
import type { ModelBundle } from '../inference/bundle.ts';
import { ModelError } from '../inference/model-error.ts';
import type { RunModel } from '../inference/tensor.ts';
import { glance } from '../look.ts';
import { vertexAreasMm2 } from '../mesh/measure.ts';
import type { SoundSurface } from '../mesh/validate.ts';
import { type Familiarity, familiarityOf } from '../segmentation/familiarity.ts';
import { type RegionSettings, type Regions, segment } from '../segmentation/regions.ts';
import { angleDegrees } from '../segmentation/rotation.ts';
import type { Shell } from '../segmentation/shell.ts';
import type { CaseInput } from './case-input.ts';
import type { PoseLimits } from './config.ts';
import { frameConflict } from './frame-checks.ts';
import { type Ground, groundOf } from './ground.ts';

/** A model and how it is run. */
export interface LoadedModel {
  readonly bundle: Pick<ModelBundle, 'manifest' | 'sha256' | 'familiarity'>;
  readonly run: RunModel;
}

export interface FoundRegions {
  readonly regions: Regions;
  readonly ground: Ground;
  readonly familiarity?: Familiarity;
}

/** Why it is not said, and how unlike the known shells this one is, if that was measured. */
export interface Unfound {
  readonly abstention: Abstention;
  readonly familiarity?: Familiarity | undefined;
}

/** Which part of the chamber each vertex belongs to; or why that is not said. */
export async function findRegions(
  {
    surface,
    shell,
    input,
    failure,
  }: {
    readonly surface: SoundSurface;
    readonly shell: Shell;
    readonly input: CaseInput;
    readonly failure?: string | undefined;
  },
  model: LoadedModel | undefined,
  { checkpoint, limits }: { readonly checkpoint: Checkpoint; readonly limits: PoseLimits },
): Promise<FoundRegions | Unfound> {
  const abstain = (reason: string, found?: string): Unfound => ({
    abstention: { of: 'regions', reason, ...(found ? { found } : {}) },
  });
  if (input.chamberHint === 'other') return abstain('not-left-atrium');
  if (!model) return failure === undefined ? abstain('no-model') : abstain('model-failed', failure);
  const settings = settingsOf(model);
  if (!settings) return abstain('model-failed', 'the manifest is of no regions model');
  let regions: Regions | undefined;
  try {
    regions = await segment(shell, { run: model.run, settings, isPoseKnown: true, checkpoint });
  } catch (error) {
    if (error instanceof ModelError) return abstain('model-failed', error.code);
    throw error;
  }
  if (!regions) return abstain('anatomy-incomplete', 'fewer than four parts were recognised');
  const { familiarity: stats } = model.bundle;
  const familiarity = stats && familiarityOf(shell, regions, stats);
  if (familiarity?.verdict === 'strange')
    return { ...abstain('unfamiliar-shape', `distance ${familiarity.distance.toFixed(1)}`), familiarity };
  const misfit = misfitOf(regions, limits);
  if (misfit) return { abstention: misfit, familiarity };
  const { labels, pose, centre } = regions;
  const ground = groundOf(surface, shell, {
    labels,
    confidence: greatestOfRows(regions),
    turn: pose.rotation,
    centreMm: centre,
  });
  const conflict = frameConflict(ground, vertexAreasMm2(surface, surface.areasMm2), input.tags);
  if (conflict) return { abstention: conflict, familiarity };
  return { regions, ground, ...(familiarity ? { familiarity } : {}) };
}

/** What speaks against a left atrium that stands as its frame says. */
function misfitOf({ pose, mirrorResidualMm }: Regions, limits: PoseLimits): Abstention | undefined {
  const { residualMm, rotation, isInConflict } = pose;
  const turn = angleDegrees(rotation);
  const say = (reason: string, found: string): Abstention => ({ of: 'regions', reason, found });
  if (mirrorResidualMm <= residualMm) {
    return say('mirrored', `fits ${mirrorResidualMm.toFixed(1)} mm mirrored, ${residualMm.toFixed(1)} mm as it is`);
  }
  if (residualMm > limits.rejectResidualMm) return say('unfamiliar-shape', `its parts fit ${residualMm.toFixed(1)} mm`);
  if (isInConflict || turn > limits.maxTurnDegrees)
    return say('pose-conflict', `turned ${turn.toFixed(0)} degrees against its frame`);
  return undefined;
}

/** What the manifest says of input and output; undefined where it is of another kind of model. */
export function settingsOf({ bundle: { manifest } }: Pick<LoadedModel, 'bundle'>): RegionSettings | undefined {
  const { labels, sampling, pose, averaging } = manifest;
  if (!sampling || !pose || !averaging || labels.join() !== regionLabels.join()) return undefined;
  return { labels, sampling, pose, averaging };
}

function greatestOfRows({ probabilities, labels }: Regions): Float64Array {
  const columns = probabilities.length / labels.length;
  return new Float64Array(labels.length).map((_, v) => {
    glance(v);
    return Math.max(...probabilities.subarray(v * columns, (v + 1) * columns));
  });
}
