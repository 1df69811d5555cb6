import { isUtf8 } from 'node:buffer';
import { createCipheriv, createDecipheriv, createHash } from 'node:crypto';
import { zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { itemPackSchema, type WireItem } from './outbox.ts';

/** An item as it was enqueued. */
export interface PlainItem {
  readonly id: string;
  readonly kind: string;
  readonly at: string;
  readonly body: Uint8Array;
}

/** An item as it travels: text where its bytes are text, else base64. */
export function wireItem({ id, kind, at, body }: PlainItem): WireItem {
  const bytes = Buffer.from(body.buffer, body.byteOffset, body.byteLength);
  if (isUtf8(bytes)) return { id, kind, at, body: bytes.toString('utf8') };
  return { id, kind, at, body: bytes.toString('base64'), base64: true };
}

/** The bytes of an item; undefined when its base64 is none. */
export function bodyOf({ body, base64 }: WireItem): Buffer | undefined {
  if (!base64) return Buffer.from(body, 'utf8');
  const bytes = Buffer.from(body, 'base64');
  return bytes.toString('base64') === body ? bytes : undefined;
}

/** The digest of a list of items, by which manifest and receipt name them: one line `ID SHA-256-OF-BODY` for each. */
export function itemsDigest(items: readonly { readonly id: string; readonly body: Uint8Array }[]): string {
  const list = createHash('sha256');
  for (const { id, body } of items) list.update(`${id} ${createHash('sha256').update(body).digest('hex')}\n`);
  return list.digest('hex');
}

/** The nonce can be fixed: each key seals one blob, and nothing else. */
const nonce = Buffer.alloc(12);

/** A blob of items: JSON, zstd, then AES-256-GCM under a key of its own. The same items and key give the same bytes. */
export function sealItemBlob(items: readonly WireItem[], key: Uint8Array): Buffer {
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  const packed = zstdCompressSync(JSON.stringify(items));
  return Buffer.concat([cipher.update(packed), cipher.final(), cipher.getAuthTag()]);
}

/** Opens such a blob. Throws when the key is another one, a byte was changed, or it holds more than `maxBytes`. */
export function openItemBlob(sealed: Uint8Array, key: Uint8Array, maxBytes: number): readonly WireItem[] {
  const decipher = createDecipheriv('aes-256-gcm', key, nonce);
  decipher.setAuthTag(sealed.subarray(-16));
  const packed = Buffer.concat([decipher.update(sealed.subarray(0, -16)), decipher.final()]);
  const text = zstdDecompressSync(packed, { maxOutputLength: maxBytes }).toString('utf8');
  return itemPackSchema.parse(JSON.parse(text));
}
