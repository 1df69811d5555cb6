import { z } from 'zod';

/** Largest reported section in bytes, as IoT Hub enforces it ($metadata not counted). */
export const maxReportedBytes = 32 * 1024;

/** The appliance's reported properties: counts, states and versions; nothing of a patient, no host name, no path. */
export const reportedSchema = z.strictObject({
  v: z.literal(1),
  appliance: z.strictObject({ version: z.string().max(40), startedAt: z.iso.datetime(), bootId: z.string().max(40) }),
  gate: z.strictObject({
    state: z.enum(['unknown', 'idle', 'suspected', 'active', 'settling']),
    open: z.boolean(),
    since: z.iso.datetime(),
    /** Closed for longer than the site expects: somebody should look. */
    stuck: z.literal(true).exactOptional(),
    /** A person's word outweighs evidence. */
    override: z.literal(true).exactOptional(),
    /** So many sources of evidence do not work. */
    faults: z.int().positive().exactOptional(),
  }),
  /** Number of cases at each stage; a stage without cases is absent. */
  cases: z.record(z.string().max(20), z.int().nonnegative()),
  disk: z.strictObject({ freeBytes: z.int().nonnegative(), totalBytes: z.int().nonnegative() }),
  /** The case store; `usedBytes` is rounded up. `full`: intake holds until there is room again. */
  storage: z
    .strictObject({
      usedBytes: z.int().nonnegative(),
      full: z.literal(true).exactOptional(),
      /** The ledger on disk was found to be damaged. */
      damaged: z.literal(true).exactOptional(),
    })
    .exactOptional(),
  /** Something that is owed has made no step towards its receipt for longer than the site expects. */
  delivery: z
    .strictObject({
      stalledSince: z.iso.datetime(),
      cause: z.enum(['gate-closed', 'no-link', 'outside-windows', 'refused', 'unknown']),
    })
    .exactOptional(),
  host: z.strictObject({ memoryFreeBytes: z.int().nonnegative(), memoryTotalBytes: z.int().nonnegative() }),
  certificate: z.strictObject({ notAfter: z.iso.datetime(), daysLeft: z.int() }),
});
export type Reported = z.infer<typeof reportedSchema>;
