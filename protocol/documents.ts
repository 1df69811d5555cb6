import { z } from 'zod';
import { studyCountsSchema } from './batch.ts';
import { archiveIdSchema, caseIdSchema, deviceIdSchema, sha256Schema, studyIdSchema, tierSchema } from './ids.ts';
import { itemIdSchema, itemKindSchema } from './outbox.ts';

/** The documents that `--json` prints: a contract with scripts, described in docs/cli-json.md. */

export const stageSchema = z.enum([
  'detected',
  'settled',
  'sealed',
  'batched',
  'uploading',
  'uploaded',
  'delivered',
  'released',
  'withdrawn',
  'held',
]);
export type Stage = z.infer<typeof stageSchema>;

/** Why a case waits for a person. */
export const heldReasonSchema = z.enum([
  'empty',
  'no-study',
  'unreadable',
  'too-large',
  'phi-suspected',
  'disk-full',
  'unsupported',
  'source-gone',
  'refused-by-receiver',
  'password-needed',
  'needs-approval',
  'unsafe-name',
  'by-person',
]);
export type HeldReason = z.infer<typeof heldReasonSchema>;

const archiveShape = {
  archiveId: archiveIdSchema,
  tier: tierSchema,
  sha256: sha256Schema,
  bytes: z.int().positive(),
  /** Of an archive that holds only what differs: the archive that it stands on. */
  base: archiveIdSchema.optional(),
};

/** Whether a tier leaves the site: `on-request` is kept for a while, `never` is not even sealed. */
export const sendPolicySchema = z.enum(['always', 'on-request', 'never']);
export type SendPolicy = z.infer<typeof sendPolicySchema>;

/**
 * Why the bytes of an archive are gone from the appliance: they are the receiver's now, nobody asked for them, somebody
 * ordered it, or what they stood on was withdrawn.
 */
export const releaseWhySchema = z.enum(['delivered', 'not-requested', 'withdrawn', 'base-withdrawn']);
export type ReleaseWhy = z.infer<typeof releaseWhySchema>;

/** How an order to erase a case stands: nothing ever left, the order is on its way, or the receiver has certified it. */
const withdrawnShape = {
  state: z.enum(['local', 'ordered', 'certified']),
  at: z.iso.datetime(),
  /** The receiver's certificate of deletion: compact JWS (ES256), see docs/receipts.md. */
  certificate: z.string().optional(),
  certifiedAt: z.iso.datetime().optional(),
};

/** `vestibule cases list --json`: an array of these; `cases show ID --json`: one. */
export const applianceCaseSchema = z.strictObject({
  caseId: caseIdSchema,
  stage: stageSchema,
  reason: heldReasonSchema.optional(),
  hint: z.string().optional(),
  /** The study it is an export of: two cases of one study are exports of the same one. Absent before it was settled. */
  studyId: studyIdSchema.optional(),
  /** What the study holds; absent before it was settled. */
  counts: studyCountsSchema.optional(),
  files: z.int().nonnegative(),
  sourceBytes: z.int().nonnegative(),
  archives: z.array(
    z.strictObject({
      ...archiveShape,
      /** Absent for what is always sent. */
      send: sendPolicySchema.exclude(['always']).optional(),
      /** Since when its bytes are gone here, and why. */
      released: z.strictObject({ at: z.iso.datetime(), why: releaseWhySchema }).optional(),
    }),
  ),
  detectedAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().optional(),
  withdrawn: z.strictObject(withdrawnShape).optional(),
});
export type ApplianceCase = z.infer<typeof applianceCaseSchema>;

/** `vestibule-cloud cases list --json`: an array of these; `cases show ID --json`: one. */
export const cloudCaseSchema = z.strictObject({
  caseId: caseIdSchema,
  deviceId: deviceIdSchema,
  ...studyCountsSchema.shape,
  archives: z.array(
    z.strictObject({
      ...archiveShape,
      files: z.int().nonnegative(),
      receivedAt: z.iso.datetime(),
      /** Compact JWS (ES256), see docs/receipts.md. */
      receipt: z.string(),
      /** Since when its bytes are erased here, by order. */
      withdrawnAt: z.iso.datetime().optional(),
    }),
  ),
  /** The certificate of deletion that the device was given: compact JWS (ES256). */
  certificate: z.string().optional(),
});
export type CloudCase = z.infer<typeof cloudCaseSchema>;

const count = z.int().nonnegative();

/** `vestibule outbox --json`: what waits to be sent beside cases. */
export const outboxDocumentSchema = z.strictObject({
  /** Kinds that were ever enqueued. `enqueued` is the sum of the five after it; `bytes`: of what is still here. */
  kinds: z.array(
    z.strictObject({
      kind: itemKindSchema,
      ...{ enqueued: count, queued: count, sending: count, parked: count, delivered: count, dropped: count },
      bytes: count,
    }),
  ),
  /** When the oldest item that is still here came. */
  oldestAt: z.iso.datetime().optional(),
  /** Items that wait for a person, oldest first. */
  parked: z.array(
    z.strictObject({
      id: itemIdSchema,
      kind: itemKindSchema,
      at: z.iso.datetime(),
      bytes: count,
      /** `refused: CODE` (by the receiver), or `unreadable: …` (what is stored of it is damaged). */
      why: z.string(),
    }),
  ),
});
export type OutboxDocument = z.infer<typeof outboxDocumentSchema>;
