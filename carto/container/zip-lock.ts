import { CartoError } from '../error.ts';
import type { RandomBytes } from './bytes.ts';
import { passwordBytes } from './passwords.ts';
import { type AesKeys, aesHeadBytes, aesKeysOf, macBytes, ZipAes } from './zip-aes.ts';
import { ZipCrypto, zipCryptoHeaderBytes } from './zip-crypto.ts';
import type { ZipEncryption, ZipEntry } from './zip-entry.ts';

/** An opened cipher, with the part of the entry that it decrypts. */
export interface Unlocked {
  readonly skip: number;
  readonly length: number;
  decrypt(bytes: Buffer): Buffer;
  /** Where a MAC follows the content: its bytes, and whether they match. */
  readonly macBytes: number;
  matches(mac: Buffer): boolean;
}

/** Entries whose keys are remembered: deriving them takes a millisecond, and files are opened several times. */
const maxKeys = 4096;

/** The password of one zip. Which bytes it stands for is found with the first entry that they open. */
export class ZipLock {
  #candidates: readonly Buffer[];
  readonly #keys = new Map<ZipEntry, AesKeys>();

  constructor(password: string) {
    this.#candidates = passwordBytes(password);
  }

  /** `start`: where the data of the entry begin. Throws WRONG_PASSWORD, UNREADABLE. */
  async unlock(bytes: RandomBytes, entry: ZipEntry, encryption: ZipEncryption, start: number): Promise<Unlocked> {
    const isAes = encryption.kind === 'aes';
    const skip = isAes ? aesHeadBytes(encryption.keyBytes) : zipCryptoHeaderBytes;
    const length = entry.compressedSize - skip - (isAes ? macBytes : 0);
    if (length < 0) throw new CartoError('UNREADABLE', 'an encrypted entry is cut off', { kind: 'zip' });
    const head = await bytes.read(start, skip);
    for (const candidate of this.#candidates) {
      const cipher = isAes
        ? await this.#aes(candidate, entry, head, encryption.keyBytes)
        : zipCryptoOf(candidate, head, encryption.check);
      if (cipher === undefined) continue;
      this.#candidates = [candidate];
      return { skip, length, ...cipher };
    }
    throw new CartoError('WRONG_PASSWORD', 'the password does not open the archive', { kind: 'zip' });
  }

  async #aes(candidate: Buffer, entry: ZipEntry, head: Buffer, keyBytes: number) {
    const keys = this.#keys.get(entry) ?? (await aesKeysOf(candidate, head, keyBytes));
    if (keys === undefined) return undefined;
    if (this.#keys.size < maxKeys) this.#keys.set(entry, keys);
    const aes = new ZipAes(keys);
    return { macBytes, decrypt: (bytes: Buffer) => aes.decrypt(bytes), matches: (mac: Buffer) => aes.matches(mac) };
  }
}

/** One wrong password in 256 passes here: the checksum of the content then tells. */
function zipCryptoOf(candidate: Buffer, head: Buffer, check: number) {
  const cipher = new ZipCrypto(candidate);
  if (cipher.decrypt(Buffer.from(head))[zipCryptoHeaderBytes - 1] !== check) return undefined;
  return { macBytes: 0, decrypt: (bytes: Buffer) => cipher.decrypt(bytes), matches: () => true };
}
