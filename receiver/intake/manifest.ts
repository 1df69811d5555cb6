import { createHash, timingSafeEqual, X509Certificate } from 'node:crypto';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { z } from 'zod';
import { type Manifest, manifestSchema } from '../../protocol/batch.ts';
import { batchIdSchema } from '../../protocol/ids.ts';
import { BatchRefused, EventRejected } from '../errors.ts';
import { type CertificateRules, checkDeviceCertificate } from './device-certificate.ts';

/** A manifest that cannot be taken, by a device that is believed: it is told, by the batch id if there is one. */
export class ManifestUnreadable extends EventRejected {
  readonly batch: string | undefined;

  constructor(message: string, batch: string | undefined) {
    super('MANIFEST_INVALID', message);
    this.batch = batch;
  }
}

export interface SignedEvent {
  /** The device of the connection, as the hub asserts it. */
  readonly deviceId: string;
  readonly enqueuedAt: string;
  /** Compact JWS. */
  readonly body: string;
}

const headerSchema = z.object({
  alg: z.string(),
  'x5t#S256': z.string().max(100),
  x5c: z.array(z.string().max(10_000)).length(1),
});

/**
 * Believes a batch event or throws EventRejected. The chain of reasons: the operational CA vouches for the leaf in
 * `x5c`, the leaf's name is the device of the connection, the leaf's key signed these bytes with RS256 and nothing
 * else, and they are a manifest that names the same device (RFC 7515, 4.1.6 and 4.1.8; RFC 8725, 3.1).
 */
export async function verifyManifest(event: SignedEvent, rules: CertificateRules): Promise<Manifest> {
  const leaf = readLeaf(event.body);
  const name = checkDeviceCertificate(leaf, new Date(event.enqueuedAt), rules);
  if (name !== event.deviceId) throw wrongDevice('the certificate is not one of the connected device');
  const manifest = parseManifest(await verifiedPayload(event.body, leaf));
  if (manifest.device !== event.deviceId) throw wrongDevice('the manifest names another device');
  return manifest;
}

/** Refuses what a sound device would never ask: blobs of others, the same archive or blob twice. */
export function checkManifest({ archives, items, device }: Manifest): void {
  const isForeign = (blob: string) => !blob.startsWith(`${device}/`) || /(^|\/)\.{0,2}(\/|$)/.test(blob);
  const foreign = archives.find(({ blob }) => isForeign(blob));
  if (foreign) throw new BatchRefused('FOREIGN_BLOB', `${foreign.archiveId} names a blob that is not this device's`);
  if (items?.sealed && isForeign(items.sealed.blob)) {
    throw new BatchRefused('FOREIGN_BLOB', 'the blob of the items is not this device’s');
  }
  const ids = new Set(archives.map((archive) => archive.archiveId));
  const blobs = new Set(archives.map((archive) => archive.blob));
  if (ids.size === archives.length && blobs.size === archives.length) return;
  throw new BatchRefused('MANIFEST_INVALID', 'an archive or a blob is named twice');
}

function readLeaf(body: string): X509Certificate {
  const header = headerOf(body);
  if (header.alg !== 'RS256') throw new EventRejected('ALGORITHM_REFUSED', 'the signature is not RS256');
  const der = Buffer.from(header.x5c[0] ?? '', 'base64');
  const given = Buffer.from(header['x5t#S256'], 'base64url');
  const found = createHash('sha256').update(der).digest();
  if (given.length !== found.length || !timingSafeEqual(given, found)) throw malformed('x5t#S256 is not that of x5c');
  try {
    return new X509Certificate(der);
  } catch (cause) {
    throw new EventRejected('SIGNATURE_MALFORMED', 'x5c is not a certificate', { cause });
  }
}

function headerOf(body: string): z.infer<typeof headerSchema> {
  let decoded: unknown;
  try {
    decoded = decodeProtectedHeader(body);
  } catch (cause) {
    throw new EventRejected('SIGNATURE_MALFORMED', 'the protected header cannot be read', { cause });
  }
  const header = headerSchema.safeParse(decoded);
  if (!header.success) throw malformed('the protected header lacks alg, x5t#S256 or a single x5c');
  return header.data;
}

async function verifiedPayload(body: string, leaf: X509Certificate): Promise<Uint8Array> {
  try {
    return (await compactVerify(body, leaf.publicKey, { algorithms: ['RS256'] })).payload;
  } catch (cause) {
    throw new EventRejected('SIGNATURE_INVALID', 'the signature does not verify', { cause });
  }
}

function parseManifest(payload: Uint8Array): Manifest {
  let value: unknown;
  try {
    value = JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(payload));
  } catch {
    throw new ManifestUnreadable('the signed payload is not JSON', undefined);
  }
  const result = manifestSchema.safeParse(value);
  if (result.success) return result.data;
  const batch = z.object({ batch: batchIdSchema }).safeParse(value);
  const where = result.error.issues.map((issue) => issue.path.join('.')).slice(0, 5);
  throw new ManifestUnreadable(`the manifest is not valid at ${where.join(', ')}`, batch.data?.batch);
}

function malformed(message: string): EventRejected {
  return new EventRejected('SIGNATURE_MALFORMED', message);
}

function wrongDevice(message: string): EventRejected {
  return new EventRejected('WRONG_DEVICE', message);
}
