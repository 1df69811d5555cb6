import { z } from 'zod';

const dtype = z.enum(['float32', 'int32']);
const port = z.strictObject({ name: z.string().max(40), dtype, shape: z.array(z.number().int().min(-1)).max(5) });
const triple = z.tuple([z.number(), z.number(), z.number()]);
const rotation = z.array(z.number()).length(9);
const digest = z.strictObject({ sha256: z.string().regex(/^[0-9a-f]{64}$/), bytes: z.number().int().positive() });

/** `manifest.json` of a model bundle (local-ml/training/CONTRACT.md, 9). */
export const manifestSchema = z.object({
  schema: z.literal(1),
  id: z.enum(['la-regions', 'ablation-sites']),
  version: z.string().regex(/^[0-9]{1,4}\.[0-9]{1,4}\.[0-9]{1,4}$/),
  task: z.string().max(200),
  created: z.string().max(30),
  runtime: z.object({ opset: z.number().int(), ir: z.number().int(), ops: z.array(z.string().max(40)).max(100) }),
  inputs: z.array(port).min(1).max(16),
  outputs: z.array(port).min(1).max(4),
  labels: z.array(z.string().max(40)).max(64),
  units: z.literal('mm'),
  /** What goes in stands in LPS, or was turned into the model's own pose. */
  frame: z.enum(['LPS', 'canonical (LPS after the pose of la-regions)']),
  preprocess: z.string().max(40),
  postprocess: z.string().max(40).optional(),
  sampling: z
    .object({
      seeds: z.array(z.number().int()).min(1).max(16),
      candidates: z.number().int().min(1).max(100_000),
      levels: z.array(z.number().int().min(8).max(4096)).min(2).max(4),
      neighbours: z.number().int().min(3).max(32),
      landmarks: z.number().int().min(1).max(64),
    })
    .optional(),
  pose: z
    .object({
      template: z.record(z.string(), triple),
      residualWeight: z.number(),
      turnWeight: z.number(),
      maxTurnDegrees: z.number().positive(),
      starts: z.array(rotation).min(1).max(100),
      keep: z.number().int().min(1).max(24),
      rounds: z.number().int().min(0).max(10),
    })
    .optional(),
  averaging: z.object({ rotations: z.array(rotation).min(1).max(32) }).optional(),
  adjacent: z.array(z.tuple([z.string(), z.string()])).optional(),
  files: z.record(z.string().regex(/^[a-zA-Z0-9_-]{1,60}\.[a-z]{1,8}$/), digest),
});
export type ModelManifest = z.infer<typeof manifestSchema>;

const tensor = z.object({ dtype, shape: z.array(z.number().int().min(0)), base64: z.string() });
export type GoldenTensor = z.infer<typeof tensor>;

/** `golden.json`: what the model gives for what. Its `shells` are looked at by tests alone. */
export const goldenSchema = z.object({
  schema: z.literal(1),
  cases: z
    .array(
      z.object({
        name: z.string(),
        inputs: z.record(z.string(), tensor),
        outputs: z.record(z.string(), tensor),
        tolerance: z.object({ absolute: z.number().positive().max(0.05) }),
      }),
    )
    .min(1),
});
export type Golden = z.infer<typeof goldenSchema>;

/** `ood.json`: the shells that the model was made for, and how far from them is too far. */
export const familiaritySchema = z
  .object({
    schema: z.literal(1),
    descriptors: z.array(z.string()),
    mean: z.array(z.number()),
    inverseCovariance: z.array(z.array(z.number())),
    review: z.number().positive(),
    reject: z.number().positive(),
  })
  .refine(({ descriptors: { length }, mean, inverseCovariance }) =>
    [mean, inverseCovariance, ...inverseCovariance].every((row) => row.length === length),
  );
