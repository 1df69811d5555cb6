import { z } from 'zod';
import { profileSchema } from '../../protocol/profile.ts';
import { codedNames, counterNames } from './rule.ts';

const counterSchema = z.tuple([z.union([z.int(), z.string()]), z.int()]).readonly();

/**
 * What the appliance keeps of one study, so that the next export of it gets the same codes and numbers, and so that a
 * person at the appliance can lead a code back. It never leaves the appliance, where it is kept encrypted.
 *
 * Under `safe-harbor` an `original` is a keyed digest: the next export is recognised by it, and nothing leads back.
 */
export const linkageSchema = z
  .strictObject({
    v: z.literal(1),
    /** Codes of one profile are of no use to another. */
    profile: profileSchema,
    /** What stands for this study in its keyed codes; 64 hex digits. */
    anchor: z.string().regex(/^[0-9a-f]{64}$/),
    /** Added to every date, in days; 0 where dates are not shifted. */
    shiftDays: z.int(),
    codes: z
      .array(z.strictObject({ kind: z.enum(codedNames), original: z.string(), code: z.string().min(1) }).readonly())
      .readonly(),
    /** The workstation's counters, or their digests, with the numbers of this study, by kind. */
    counters: z.partialRecord(z.enum(counterNames), z.array(counterSchema).readonly()).readonly(),
  })
  .readonly();

export type Linkage = z.infer<typeof linkageSchema>;
