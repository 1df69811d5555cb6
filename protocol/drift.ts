import { z } from 'zod';

const count = z.int().nonnegative();

/** Upper edges of the classes that are counted; the last class is everything beyond. */
export const distanceEdges = [2, 4, 6, 8, 10, 13, 16, 20, 26, 32, 64] as const;
export const confidenceEdges = [0.5, 0.6, 0.7, 0.75, 0.8, 0.85, 0.9, 0.95] as const;
export const secondsEdges = [0.5, 1, 2, 4, 8, 16, 32, 64] as const;

const histogram = (edges: readonly number[]) => z.array(count).length(edges.length + 1);

/** A model by name; `none` where there was none. */
const nameSchema = { id: z.string().max(40), version: z.string().max(20) };

/**
 * What a model made of the cases that this appliance analysed since it was first used here. Counts alone: no case can be told
 * from another, and no time but the day of the first.
 */
export const modelDriftSchema = z.strictObject({
  ...nameSchema,
  /** Day of its first case, UTC. */
  since: z.iso.date(),
  cases: count,
  /** `unknown`: not measured, because the model was not asked or gave no anatomy. */
  verdicts: z.strictObject({ familiar: count, review: count, strange: count, unknown: count }),
  /** Of familiarity: how far shells are from those that the model was made for. */
  distance: histogram(distanceEdges),
  /** Of the mean confidence of each case. */
  confidence: histogram(confidenceEdges),
  /** Seconds that a case took; one during which the gate was closed is not among them. */
  seconds: histogram(secondsEdges),
  /** Why nothing was said, and of what: `regions:unfamiliar-shape`; `analysis:CODE` where it ended with an error. */
  abstentions: z.record(z.string().regex(/^[a-z]+:[A-Za-z0-9_-]{1,60}$/), count),
  /** Lesions whose site the model named; how many of them the rules name otherwise. */
  sites: z.strictObject({ named: count, otherByRules: count }),
});
export type ModelDrift = z.infer<typeof modelDriftSchema>;

/** Models that were replaced stay, to compare with, as long as there is room. */
export const maxModels = 16;
export const driftSchema = z.array(modelDriftSchema).max(maxModels);
export type Drift = z.infer<typeof driftSchema>;
