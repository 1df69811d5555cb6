import type { Entry } from 'yauzl';
import { CartoError } from '../error.ts';

/** How the content of an entry is encrypted. */
export type ZipEncryption =
  | { readonly kind: 'zipcrypto'; readonly check: number }
  /** WinZip's AES. `keyBytes`: 16, 24 or 32. */
  | { readonly kind: 'aes'; readonly keyBytes: number };

/** What the central directory says of a file: all that is kept of it, since there may be a hundred thousand. */
export interface ZipEntry {
  readonly nameRaw: Buffer;
  readonly flags: number;
  /** As the header says it: 99 stands for "encrypted with AES". */
  readonly storedMethod: number;
  /** 0 stored, 8 deflated. */
  readonly method: number;
  readonly encryption: ZipEncryption | undefined;
  /** Undefined where only the MAC guards the content (AE-2). */
  readonly crc32: number | undefined;
  readonly compressedSize: number;
  readonly uncompressedSize: number;
  readonly relativeOffsetOfLocalHeader: number;
}

const aesMethod = 99;

/** Throws UNREADABLE for what contradicts itself. A method that is not known is not refused here. */
export function zipEntryOf(entry: Entry): ZipEntry {
  const { compressionMethod, generalPurposeBitFlag: flags } = entry;
  const aes = compressionMethod === aesMethod ? aesOf(entry) : undefined;
  if (aes && !entry.isEncrypted()) throw contradiction();
  // With a data descriptor the checksum was not known when the header was encrypted: the time stands in for it.
  const check = (flags & 8) === 0 ? entry.crc32 >>> 24 : entry.lastModFileTime >>> 8;
  return {
    nameRaw: entry.fileNameRaw,
    flags,
    storedMethod: compressionMethod,
    method: aes?.method ?? compressionMethod,
    encryption: aes
      ? { kind: 'aes', keyBytes: aes.keyBytes }
      : entry.isEncrypted()
        ? { kind: 'zipcrypto', check }
        : undefined,
    crc32: aes?.version === 2 ? undefined : entry.crc32,
    compressedSize: entry.compressedSize,
    uncompressedSize: entry.uncompressedSize,
    relativeOffsetOfLocalHeader: entry.relativeOffsetOfLocalHeader,
  };
}

/** The extra field 0x9901 of WinZip's AE-1 and AE-2: version, `AE`, strength 1 to 3, the real method. */
function aesOf(entry: Entry): { readonly version: number; readonly keyBytes: number; readonly method: number } {
  const data = entry.extraFields.find(({ id }) => id === 0x9901)?.data;
  if (data === undefined || data.length < 7) throw contradiction();
  const version = data.readUInt16LE(0);
  const strength = data.readUInt8(4);
  if (version < 1 || version > 2 || data.toString('latin1', 2, 4) !== 'AE' || strength < 1 || strength > 3) {
    throw contradiction();
  }
  return { version, keyBytes: 8 + 8 * strength, method: data.readUInt16LE(5) };
}

function contradiction(): CartoError {
  return new CartoError('UNREADABLE', 'what an entry says of its encryption contradicts itself', { kind: 'zip' });
}
