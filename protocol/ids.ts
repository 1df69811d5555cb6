import { randomBytes } from 'node:crypto';
import { z } from 'zod';

/** SHA-256 as 64 lower-case hex digits. */
export const sha256Schema = z.string().regex(/^[0-9a-f]{64}$/);

/** Ours and random: a kind (`case-`, `arc-`, …) and 20 base-32 digits (100 bits). Says nothing about a patient. */
export const caseIdSchema = z.string().regex(/^case-[a-z2-7]{20}$/);
export const archiveIdSchema = z.string().regex(/^arc-[a-z2-7]{20}$/);
export const studyIdSchema = z.string().regex(/^stu-[a-z2-7]{20}$/);
export const importIdSchema = z.string().regex(/^imp-[a-z2-7]{20}$/);
export const batchIdSchema = z.string().regex(/^bat-[a-z2-7]{20}$/);

/** A device id as IoT Hub and a certificate's CN allow it; ASCII because DPS answers are read as ASCII. */
export const deviceIdSchema = z.string().regex(/^[a-z0-9][a-z0-9._-]{0,63}$/);

/** `review`: small, goes first. `study`: every allowed file. */
export const tierSchema = z.enum(['review', 'study']);
export type Tier = z.infer<typeof tierSchema>;

const digits = 'abcdefghijklmnopqrstuvwxyz234567';

/** A fresh id with 100 random bits. */
export function newId<Kind extends 'case' | 'arc' | 'bat' | 'stu' | 'imp'>(kind: Kind): `${Kind}-${string}` {
  return `${kind}-${randomDigits(20)}`;
}

/** Base-32 digits as ids have them, five random bits each. */
export function randomDigits(count: number): string {
  return Array.from(randomBytes(count), (byte) => digits[byte & 31]).join('');
}
