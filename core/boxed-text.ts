import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';

/**
 * A short text under a 32-byte key: AES-256-GCM, random 96-bit nonce in front, tag behind. For what must stay on the
 * appliance's disk but be unreadable without its keys: original names, upload tickets.
 */
export function sealText(text: string, key: Uint8Array): Buffer {
  const nonce = randomBytes(12);
  const cipher = createCipheriv('aes-256-gcm', key, nonce);
  return Buffer.concat([nonce, cipher.update(text, 'utf8'), cipher.final(), cipher.getAuthTag()]);
}

/** Opens what `sealText` made. Throws when the key is another one or a byte was changed. */
export function openText(boxed: Uint8Array, key: Uint8Array): string {
  const decipher = createDecipheriv('aes-256-gcm', key, boxed.subarray(0, 12));
  decipher.setAuthTag(boxed.subarray(-16));
  return decipher.update(boxed.subarray(12, -16), undefined, 'utf8') + decipher.final('utf8');
}
