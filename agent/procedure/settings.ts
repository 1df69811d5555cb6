import { z } from 'zod';

/** `procedure` in the site's file. A source that is not named here does not exist: nothing listens, nothing is read. */
export const procedureSchema = z.strictObject({
  /** Who says that the room is free. Without an answer the gate would never open. */
  authorities: z.array(z.enum(['leases'])).min(1),
  coolDownSeconds: z
    .number()
    .min(0)
    .max(24 * 3600)
    .default(120),
  /** The gate closed for longer than this is an alarm, nothing else. */
  stuckHours: z
    .number()
    .min(0.1)
    .max(24 * 7)
    .default(14),
});
export type ProcedureSettings = z.infer<typeof procedureSchema>;
