import { z } from 'zod';
import { archiveIdSchema, batchIdSchema, caseIdSchema, deviceIdSchema, sha256Schema, tierSchema } from './ids.ts';
import { itemPackSchema, maxBatchItems } from './outbox.ts';

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

/** Name of the committed upload blob, under the device's own prefix. ASCII. */
const blobNameSchema = z.string().regex(/^[a-z0-9._/-]{1,200}$/);

export const manifestArchiveSchema = z.strictObject({
  archiveId: archiveIdSchema,
  caseId: caseIdSchema,
  tier: tierSchema,
  sha256: sha256Schema,
  bytes: z.int().positive(),
  files: z.int().nonnegative(),
  /** Of a delta: the archive, delivered before, that it stands on. */
  base: archiveIdSchema.optional(),
  blob: blobNameSchema,
  keys: envelopeSchema,
  study: studyCountsSchema,
});
export type ManifestArchive = z.infer<typeof manifestArchiveSchema>;

/** Largest sealed blob of items, in bytes. */
export const maxItemBlobBytes = 64 * 1024 * 1024;

/**
 * The items of a batch: in the manifest itself, or in one sealed blob that it names. `sha256` is the digest of their
 * list (one line `ID SHA-256-OF-BODY` per item, in their order), which the receipt repeats.
 */
export const manifestItemsSchema = z.strictObject({
  count: z.int().min(1).max(maxBatchItems),
  sha256: sha256Schema,
  inline: itemPackSchema.exactOptional(),
  sealed: z
    .strictObject({
      blob: blobNameSchema,
      sha256: sha256Schema,
      bytes: z.int().positive().max(maxItemBlobBytes),
      keys: envelopeSchema,
    })
    .exactOptional(),
});
export type ManifestItems = z.infer<typeof manifestItemsSchema>;

export const auditHeadSchema = z.strictObject({ seq: z.int().nonnegative(), hash: sha256Schema });

/**
 * Payload of the batch event's JWS: RS256 by the device key, header `x5t#S256` and `x5c` (leaf only). A batch has
 * archives, or items, or both.
 */
export const manifestSchema = z
  .strictObject({
    v: z.literal(1),
    batch: batchIdSchema,
    device: deviceIdSchema,
    createdAt: z.iso.datetime(),
    archives: z.array(manifestArchiveSchema).max(64),
    items: manifestItemsSchema.exactOptional(),
    /** How far the appliance's audit log went when this was written down. */
    audit: auditHeadSchema.exactOptional(),
  })
  .refine(({ archives, items }) => archives.length > 0 || items !== undefined, 'a batch has something in it')
  .refine(({ items }) => !items || (items.inline === undefined) !== (items.sealed === undefined), {
    error: 'items are inline or in a blob',
    path: ['items'],
  });
export type Manifest = z.infer<typeof manifestSchema>;
