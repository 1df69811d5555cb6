import { z } from 'zod';

/** The part of the site's file that says how cases are analysed. Defaults: the CLOSE protocol. */
export const analysisSchema = z.strictObject({
  enabled: z.boolean().default(true),
  /** Ablation Index that lesions should reach, in front and at the roof, and behind and below. */
  indexTarget: z
    .strictObject({
      anterior: z.number().min(100).max(1000).default(550),
      posterior: z.number().min(100).max(1000).default(400),
    })
    .prefault({}),
  /** Two lesions on target that are farther apart leave room between them. */
  interLesionMm: z.number().min(2).max(12).default(6),
  /** Low voltage is below these. */
  thresholdsMv: z.array(z.number().positive().max(20)).min(1).max(8).default([0.2, 0.5]),
  /** What is farther from every mapped point counts as not mapped. */
  fillThresholdMm: z.number().min(1).max(50).default(10),
});
export type AnalysisSettings = z.infer<typeof analysisSchema>;
