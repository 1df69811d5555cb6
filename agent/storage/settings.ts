import { z } from 'zod';
import { sendPolicySchema } from '../../protocol/documents.ts';
import { tierSchema } from '../../protocol/ids.ts';

const policiesSchema = z.strictObject({
  review: sendPolicySchema.default('always'),
  study: sendPolicySchema.default('always'),
});

/** What leaves the site: a policy for each tier, or, in short, the list of those that are always sent. */
export const sendSchema = z
  .union([z.array(tierSchema).min(1), policiesSchema])
  .default(['review', 'study'])
  .transform((send) => (Array.isArray(send) ? policiesOf(send) : send))
  .refine(({ review, study }) => review !== 'never' || study !== 'never', 'at least one tier must be kept or sent');
export type SendPolicies = z.infer<typeof policiesSchema>;

function policiesOf(always: readonly ('review' | 'study')[]): SendPolicies {
  const policyOf = (tier: 'review' | 'study') => (always.includes(tier) ? 'always' : 'never');
  return { review: policyOf('review'), study: policyOf('study') };
}

const percent = z.number().min(1).max(100);
const days = z.number().min(0).max(3650);

export const defaultReserveBytes = 512 * 1024 * 1024;

/** The part of the site's file that says how much of the disk is used, and how long what is not owed stays there. */
export const storageSchema = z
  .strictObject({
    /** Most that the case store may take; absent: what the disk has above the reserve. */
    quotaBytes: z.int().positive().optional(),
    /** Space on the data folder's disk that is left free. */
    reserveBytes: z.int().nonnegative().optional(),
    /** Intake holds when the store is filled so far, and goes on when it has come down to the lower mark. */
    highPercent: percent.default(95),
    lowPercent: percent.default(85),
    /** Archives of a tier that is sent on request alone are kept so long. */
    keepDays: days.default(30),
    /** Delivered archives are kept so long after their receipt, unless space is needed. */
    keepDeliveredDays: days.default(0),
  })
  .prefault({})
  .refine(({ lowPercent, highPercent }) => lowPercent < highPercent, {
    path: ['lowPercent'],
    message: 'must be below highPercent',
  });

interface Reserves {
  readonly intake: { readonly reserveBytes?: number | undefined };
  readonly storage: z.infer<typeof storageSchema>;
}

/** One truth: `storage.reserveBytes`, or what an older file calls `intake.reserveBytes`. Both, and different, is a mistake. */
export function withReserve<Fields extends Reserves>(fields: Fields, context: z.RefinementCtx) {
  const { reserveBytes: former, ...intake } = fields.intake;
  const { reserveBytes: own = former ?? defaultReserveBytes } = fields.storage;
  if (former !== undefined && former !== own) {
    const message = 'is the former name of storage.reserveBytes, which says something else';
    context.addIssue({ code: 'custom', path: ['intake', 'reserveBytes'], message });
  }
  return {
    ...fields,
    intake: intake as Omit<Fields['intake'], 'reserveBytes'>,
    storage: { ...fields.storage, reserveBytes: own },
  };
}
