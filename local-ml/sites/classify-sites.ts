import { type SiteClass, siteClasses } from '../anatomy/site-class.ts';
import { floats, type RunModel, softmaxRows } from '../inference/tensor.ts';
import { siteChannels } from './site-features.ts';

export interface ModelledSite {
  readonly site: SiteClass;
  /** Probability that the model gives it. */
  readonly confidence: number;
}

/** The model's site of each lesion. `features`: [32][L]. */
export async function classifySites(run: RunModel, features: Float64Array): Promise<readonly ModelledSite[]> {
  const count = features.length / siteChannels;
  if (count === 0) return [];
  const { logits } = await run({ lesions: floats(Float32Array.from(features), 1, siteChannels, count) });
  if (logits?.dtype !== 'float32') throw new TypeError('the sites model gave no logits');
  const columns = siteClasses.length;
  const byLesion = new Float32Array(columns * count);
  for (let c = 0; c < columns; c++)
    for (let l = 0; l < count; l++) byLesion[l * columns + c] = logits.data[c * count + l]!;
  const probabilities = softmaxRows(byLesion, columns);
  return Array.from({ length: count }, (_, l) => {
    let best = 0;
    for (let c = 1; c < columns; c++)
      if (probabilities[l * columns + c]! > probabilities[l * columns + best]!) best = c;
    return { site: siteClasses[best]!, confidence: probabilities[l * columns + best]! };
  });
}
