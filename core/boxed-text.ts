import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * A short text under a 32-byte key: AES-256-GCM, random 96-bit nonce in front, tag behind. For what must stay on the
 * appliance's disk but be unreadable without its keys: original names, upload tickets.
 */
export function sealText(text: string, key: Uint8Array): Buffer {
  return sealBytes(Buffer.from(text, 'utf8'), key);
}

/** Opens what `sealText` made. Throws when the key is another one or a byte was changed. */
export function openText(boxed: Uint8Array, key: Uint8Array): string {
  return openBytes(boxed, key).toString('utf8');
}

/** The same for bytes, such as another key. */
export function sealBytes(bytes: Uint8Array, key: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(bytes), cipher.final(), cipher.getAuthTag()]);
}

export function openBytes(boxed: Uint8Array, key: Uint8Array): Buffer {
  const decipher = createDecipheriv('aes-256-gcm', key, boxed.subarray(0, 12));
  decipher.setAuthTag(boxed.subarray(-16));
  return Buffer.concat([decipher.update(boxed.subarray(12, -16)), decipher.final()]);
}
