import { z } from 'zod';
import { archiveIdSchema, batchIdSchema, deviceIdSchema, sha256Schema } from './ids.ts';

/** The direct method by which a receipt reaches the appliance, and the largest payload. */
export const acknowledgeMethod = 'acknowledge';
export const maxReceiptBytes = 16 * 1024;

/**
 * Payload of a receipt's JWS (ES256): these bytes are durable at the receiver. Receipts of one device form a chain:
 * `previous` is the SHA-256 of the compact JWS before it, null for the first.
 */
export const receiptSchema = z.strictObject({
  v: z.literal(1),
  batch: batchIdSchema,
  device: deviceIdSchema,
  archives: z
    .array(z.strictObject({ archiveId: archiveIdSchema, sha256: sha256Schema, bytes: z.int().positive() }))
    .min(1)
    .max(64),
  bytes: z.int().positive(),
  previous: sha256Schema.nullable(),
  storedAt: z.iso.datetime(),
  durability: z.enum(['fsync', 'replicated']),
});
export type Receipt = z.infer<typeof receiptSchema>;

/** Payload of the `acknowledge` method: a receipt, or the reason why a batch is refused for good. */
export const acknowledgementSchema = z.union([
  z.strictObject({ receipt: z.string().max(maxReceiptBytes) }),
  z.strictObject({
    refused: z.strictObject({ batch: batchIdSchema, code: z.string().max(60), message: z.string().max(500) }),
  }),
]);
export type Acknowledgement = z.infer<typeof acknowledgementSchema>;
