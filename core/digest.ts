import { createHash, createHmac, type KeyObject } from 'node:crypto';
import { createReadStream } from 'node:fs';

declare const sha256Brand: unique symbol;
/** A SHA-256 digest, 64 lower-case hexadecimal digits. */
export type Sha256 = string & { readonly [sha256Brand]: true };

const pattern = /^[0-9a-f]{64}$/;

export function isSha256(text: string): text is Sha256 {
  return pattern.test(text);
}

/** Digest of bytes in memory. */
export function sha256(bytes: Uint8Array | string): Sha256 {
  return createHash('sha256').update(bytes).digest('hex') as Sha256;
}

/** Digest of a file, read once in pieces; memory stays flat. */
export async function sha256OfFile(path: string): Promise<{ readonly sha256: Sha256; readonly bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of createReadStream(path, { highWaterMark: 1 << 18 })) {
    hash.update(piece as Buffer);
    bytes += (piece as Buffer).length;
  }
  return { sha256: hash.digest('hex') as Sha256, bytes };
}

/** Keyed digest, for names that must be recognised again but never read back. A `KeyObject` saves most of the time of many. */
export function hmacSha256(key: Uint8Array | KeyObject, text: string | Uint8Array): Sha256 {
  return createHmac('sha256', key).update(text).digest('hex') as Sha256;
}
