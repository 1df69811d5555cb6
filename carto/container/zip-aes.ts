import { type Cipheriv, createCipheriv, createHmac, pbkdf2, timingSafeEqual } from 'node:crypto';
import { promisify } from 'node:util';

const derive = promisify(pbkdf2);

/** Iterations and lengths of WinZip's AE-1 and AE-2 (winzip.com, "AES Encryption Information"). */
const iterations = 1000;
const verifierBytes = 2;
export const macBytes = 10;
const blockBytes = 16;

/** Bytes before the content: salt (half the key's length) and password verifier. */
export function aesHeadBytes(keyBytes: number): number {
  return keyBytes / 2 + verifierBytes;
}

export interface AesKeys {
  readonly cipher: Buffer;
  readonly mac: Buffer;
}

/** The keys of an entry, or undefined when the password is not the one (one wrong in 65,536 passes here). */
export async function aesKeysOf(password: Uint8Array, head: Buffer, keyBytes: number): Promise<AesKeys | undefined> {
  const salt = head.subarray(0, keyBytes / 2);
  const derived = await derive(password, salt, iterations, 2 * keyBytes + verifierBytes, 'sha1');
  if (!timingSafeEqual(derived.subarray(2 * keyBytes), head.subarray(keyBytes / 2))) return undefined;
  return { cipher: derived.subarray(0, keyBytes), mac: derived.subarray(keyBytes, 2 * keyBytes) };
}

/**
 * AES in counter mode with a counter that is little-endian and begins at 1, which no `aes-ctr` of Node counts: the
 * counters are written out and encrypted with ECB. The MAC is of the encrypted bytes.
 */
export class ZipAes {
  readonly #cipher: Cipheriv;
  readonly #mac;
  #at = 0;

  constructor(keys: AesKeys) {
    this.#cipher = createCipheriv(`aes-${keys.cipher.length * 8}-ecb`, keys.cipher, null).setAutoPadding(false);
    this.#mac = createHmac('sha1', keys.mac);
  }

  /** Decrypts in place. Call in the order of the bytes. */
  decrypt(bytes: Buffer): Buffer {
    this.#mac.update(bytes);
    const from = Math.floor(this.#at / blockBytes);
    const stream = this.#cipher.update(countersOf(from, Math.ceil((this.#at + bytes.length) / blockBytes) - from));
    xor(bytes, stream, this.#at - from * blockBytes);
    this.#at += bytes.length;
    return bytes;
  }

  /** Whether all bytes were those that were encrypted under the password. Ends the stream. */
  matches(mac: Buffer): boolean {
    return timingSafeEqual(this.#mac.digest().subarray(0, macBytes), mac);
  }
}

function countersOf(first: number, count: number): Buffer {
  const counters = new DataView(new ArrayBuffer(count * blockBytes));
  for (let index = 0; index < count; index++) {
    const value = first + index + 1;
    counters.setUint32(index * blockBytes, value % 2 ** 32, true);
    counters.setUint32(index * blockBytes + 4, Math.floor(value / 2 ** 32), true);
  }
  return Buffer.from(counters.buffer);
}

function xor(bytes: Buffer, stream: Buffer, skip: number): void {
  for (let at = 0; at < bytes.length; at++) bytes[at]! ^= stream[at + skip]!;
}
