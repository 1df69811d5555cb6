import { z } from 'zod';
import { archiveIdSchema, caseIdSchema, deviceIdSchema, sha256Schema } from './ids.ts';

const erasedSchema = z.strictObject({ archiveId: archiveIdSchema, sha256: sha256Schema, bytes: z.int().positive() });

/** Largest certificate as compact JWS, in bytes. */
export const maxCertificateBytes = 64 * 1024;

/**
 * Body of an outbox item of kind `withdrawal`: erase what of these archives is there, and every delta that stands on one.
 * It is signed with the batch manifest that carries it. Says nothing about why.
 */
export const deletionOrderSchema = z.strictObject({
  v: z.literal(1),
  order: z.literal('withdraw'),
  caseId: caseIdSchema,
  orderedAt: z.iso.datetime(),
  archives: z.array(erasedSchema).max(64),
});
export type DeletionOrder = z.infer<typeof deletionOrderSchema>;

/**
 * Payload of a certificate of deletion (compact JWS, ES256, the receipt key): these bytes, and the keys that open them,
 * are gone from the receiver, so are findings of the case, and whatever of it comes later is not taken. `erased` holds
 * deltas too. The protected header says how many findings were erased (`findings`).
 */
export const certificateSchema = z.strictObject({
  v: z.literal(1),
  certificate: z.literal('deletion'),
  device: deviceIdSchema,
  caseId: caseIdSchema,
  orderedAt: z.iso.datetime(),
  deletedAt: z.iso.datetime(),
  erased: z.array(erasedSchema).max(256),
  /** Archives of the order that were never stored. */
  absent: z.array(archiveIdSchema).max(64),
});
export type DeletionCertificate = z.infer<typeof certificateSchema>;
