import { z } from 'zod';
import { publicKeySchema } from '../protocol/bundle.ts';

const pem = z.string().startsWith('-----BEGIN CERTIFICATE-----');
const positive = z.int().positive();

/** A private EC key on P-256 (RFC 7517) with the name under which others know its public half. */
export const privateKeySchema = publicKeySchema.extend({ d: z.string().max(64) });
export type PrivateKey = z.infer<typeof privateKeySchema>;

const limitsSchema = z.strictObject({
  /** Largest archive that is taken. */
  maxArchiveBytes: positive.default(16 * 2 ** 30),
  /** Free space that is left alone. */
  reserveBytes: z
    .int()
    .nonnegative()
    .default(256 * 2 ** 20),
  /** Devices whose batches are taken in at the same time. */
  lanes: positive.default(4),
  /** Batches of one device that may wait. */
  maxWaitingPerDevice: positive.default(500),
  eventsPerPage: positive.max(1000).default(50),
  /** Longest poll for events; the hub answers earlier when one comes. */
  pollSeconds: positive.max(50).default(25),
  /** Deadline of one call to the hub, above that of a poll or of a method. */
  callMs: positive.default(30_000),
  /** A blob that sends nothing for so long is given up for now. */
  blobIdleMs: positive.default(30_000),
  /** How long a device may think about a receipt. */
  methodSeconds: positive.min(5).max(300).default(10),
  retryFirstMs: positive.default(1_000),
  retryCeilingMs: positive.default(300_000),
  /** How long a batch may wait for a blob that is not there before it is refused. */
  blobPatienceMs: positive.default(3_600_000),
  /** Failures that nobody can explain: so many tries, then the event is passed over. */
  maxAttempts: positive.default(20),
  /** How far the clocks of CA, device and hub may differ when the validity of a certificate is judged. */
  clockSkewMs: z.int().nonnegative().default(300_000),
  /** Records of rejected events that are kept. */
  keepRejected: positive.default(10_000),
});
export type ReceiverLimits = z.infer<typeof limitsSchema>;

/** Settings of the receiver. Secrets are in it: the file is private (mode 0600). */
export const receiverSettingsSchema = z.strictObject({
  hub: z.strictObject({
    host: z.string().min(1).max(253),
    httpsPort: z.int().min(1).max(65_535),
    /** CA certificates (PEM) that the hub's server certificate is checked against; the only ones believed. */
    caPem: pem,
    /** Key of the shared access policy `service`, base64. */
    serviceKey: z.base64().min(1),
  }),
  storage: z.strictObject({
    account: z.string().regex(/^[a-z0-9]{3,24}$/),
    key: z.base64().min(1),
    container: z.string().min(1).max(100).default('uploads'),
  }),
  /** CA certificates (PEM) that issue device certificates. */
  operationalCaPem: pem,
  keys: z.strictObject({ receipt: privateKeySchema, transit: privateKeySchema }),
  /** Public halves of receipt keys that were used before: their receipts stay valid. */
  formerReceiptKeys: z.array(publicKeySchema).default([]),
  limits: limitsSchema.prefault({}),
});
export type ReceiverSettings = z.infer<typeof receiverSettingsSchema>;
export type ReceiverSettingsInput = z.input<typeof receiverSettingsSchema>;
