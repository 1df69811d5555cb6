import { z } from 'zod';
import { driftSchema } from './drift.ts';

const count = z.int().nonnegative();

/**
 * Body of an item of kind `telemetry`: how the appliance is. Counts, states and a version; no name, no path, no time of
 * anything that a patient took part in. Every span is on the monotonic clock.
 */
export const telemetrySchema = z.strictObject({
  v: z.literal(1),
  version: z.string().max(40),
  /** What the counts below are for: since the sample before, or since the start. */
  spanSeconds: count,
  gate: z.strictObject({ openSeconds: count, closedSeconds: count, closings: count }),
  /** Number of cases at each stage; a stage without cases is absent. */
  cases: z.record(z.string().max(20), count),
  /** Items that came into the outbox since the ledger was made, and that left it. */
  outbox: z.strictObject({ enqueued: count, delivered: count, dropped: count }),
  disk: z.strictObject({ freeBytes: count, totalBytes: count }),
  /** Once a day, where cases are analysed: what the models made of them. */
  analysis: driftSchema.exactOptional(),
  process: z.strictObject({ upSeconds: count, rssBytes: count, cpuSeconds: z.number().nonnegative() }),
});
export type Telemetry = z.infer<typeof telemetrySchema>;
