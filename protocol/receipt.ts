import { z } from 'zod';
import { archiveIdSchema, batchIdSchema, deviceIdSchema, sha256Schema } from './ids.ts';
import { itemIdSchema, maxBatchItems } from './outbox.ts';
import { maxCertificateBytes } from './withdrawal.ts';

/** The direct method by which a receipt reaches the appliance, and the largest payload. */
export const acknowledgeMethod = 'acknowledge';
export const maxReceiptBytes = 16 * 1024;

/** So many items of one batch can be refused one by one; with more, the batch is refused and sent again in parts. */
export const maxRefusedItems = 64;

/** The items of a batch by the digest of their list, all of them durable but those that are refused for good. */
export const receiptItemsSchema = z.strictObject({
  count: z.int().min(1).max(maxBatchItems),
  sha256: sha256Schema,
  refused: z
    .array(z.strictObject({ id: itemIdSchema, code: z.string().regex(/^[A-Z][A-Z0-9_]{0,39}$/) }))
    .min(1)
    .max(maxRefusedItems)
    .exactOptional(),
});
export type ReceiptItems = z.infer<typeof receiptItemsSchema>;

/**
 * Payload of a receipt's JWS (ES256): these bytes are durable at the receiver. Receipts of one device form a chain:
 * `previous` is the SHA-256 of the compact JWS before it, null for the first. `bytes`: sum over the archives.
 */
export const receiptSchema = z
  .strictObject({
    v: z.literal(1),
    batch: batchIdSchema,
    device: deviceIdSchema,
    archives: z
      .array(z.strictObject({ archiveId: archiveIdSchema, sha256: sha256Schema, bytes: z.int().positive() }))
      .max(64),
    items: receiptItemsSchema.exactOptional(),
    bytes: z.int().nonnegative(),
    previous: sha256Schema.nullable(),
    storedAt: z.iso.datetime(),
    durability: z.enum(['fsync', 'replicated']),
  })
  .refine(({ archives, items }) => archives.length > 0 || items !== undefined, 'a receipt is for something');
export type Receipt = z.infer<typeof receiptSchema>;

/**
 * Payload of the `acknowledge` method: a receipt, the reason why a batch is refused for good, or the certificate of
 * deletion of a case that was withdrawn.
 */
export const acknowledgementSchema = z.union([
  z.strictObject({ receipt: z.string().max(maxReceiptBytes) }),
  z.strictObject({ certificate: z.string().max(maxCertificateBytes) }),
  z.strictObject({
    refused: z.strictObject({ batch: batchIdSchema, code: z.string().max(60), message: z.string().max(500) }),
  }),
]);
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;
