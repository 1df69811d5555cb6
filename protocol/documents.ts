import { z } from 'zod';
import { studyCountsSchema } from './batch.ts';
import { archiveIdSchema, caseIdSchema, deviceIdSchema, sha256Schema, studyIdSchema, tierSchema } from './ids.ts';

/** The documents that `--json` prints: a contract with scripts, described in docs/cli-json.md. */

export const stageSchema = z.enum([
  'detected',
  'settled',
  'sealed',
  'batched',
  'uploading',
  'uploaded',
  'delivered',
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
  archives: z.array(z.strictObject(archiveShape)),
  detectedAt: z.iso.datetime(),
  deliveredAt: z.iso.datetime().optional(),
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
    }),
  ),
});
export type CloudCase = z.infer<typeof cloudCaseSchema>;
