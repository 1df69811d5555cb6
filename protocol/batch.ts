import { z } from 'zod';
import { archiveIdSchema, batchIdSchema, caseIdSchema, deviceIdSchema, sha256Schema, tierSchema } from './ids.ts';

/** Largest manifest in bytes, signature included: half of what one device-to-cloud event may carry. */
export const maxManifestBytes = 128 * 1024;

/** The event's application property that marks a batch, and its content type. */
export const batchEventKind = 'batch';

const recipientSchema = z.strictObject({
  header: z.looseObject({ alg: z.enum(['ECDH-ES+A256KW', 'A256KW']), kid: z.string().max(200) }),
  encrypted_key: z.string().max(200),
});

/** JWE General JSON around a data key (RFC 7516, 7.2.1). The at-rest recipient is never in it. */
export const envelopeSchema = z.strictObject({
  protected: z.string().max(500),
  iv: z.string().max(100),
  ciphertext: z.string().max(200),
  tag: z.string().max(100),
  recipients: z.array(recipientSchema).min(1).max(8),
});

/** What the receiver's catalogue shows of a case: counts only. */
export const studyCountsSchema = z.strictObject({
  maps: z.int().nonnegative(),
  points: z.int().nonnegative(),
  lesions: z.int().nonnegative(),
});
export type StudyCounts = z.infer<typeof studyCountsSchema>;

export const manifestArchiveSchema = z.strictObject({
  archiveId: archiveIdSchema,
  caseId: caseIdSchema,
  tier: tierSchema,
  sha256: sha256Schema,
  bytes: z.int().positive(),
  files: z.int().nonnegative(),
  /** Of a delta: the archive, delivered before, that it stands on. */
  base: archiveIdSchema.optional(),
  /** Name of the committed upload blob, under the device's own prefix. ASCII. */
  blob: z.string().regex(/^[a-z0-9._/-]{1,200}$/),
  keys: envelopeSchema,
  study: studyCountsSchema,
});
export type ManifestArchive = z.infer<typeof manifestArchiveSchema>;

/** Payload of the batch event's JWS: RS256 by the device key, header `x5t#S256` and `x5c` (leaf only). */
export const manifestSchema = z.strictObject({
  v: z.literal(1),
  batch: batchIdSchema,
  device: deviceIdSchema,
  createdAt: z.iso.datetime(),
  archives: z.array(manifestArchiveSchema).min(1).max(64),
});
export type Manifest = z.infer<typeof manifestSchema>;
