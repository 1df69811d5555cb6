import { createCipheriv, createDecipheriv } from 'node:crypto';
import { constants, zstdCompressSync, zstdDecompressSync } from 'node:zlib';
import { codeOf } from '../core/errors.ts';
import { ArchiveError } from './archive-error.ts';
import { type ArchiveIdentity, associatedDataOf, nonceOf, tagBytes } from './format.ts';

const cipher = 'aes-256-gcm';

/** Level 1 is smaller and faster than the negative levels on this data; the known size saves a third of the time. */
const compressing = { chunkSize: 128 << 10, params: { [constants.ZSTD_c_compressionLevel]: 1 } };
/** A frame may ask for a window of 8 MiB at most (RFC 8878, 3.1.1.1.2 recommends exactly that much support). */
const decompressing = { params: { [constants.ZSTD_d_windowLogMax]: 23 } };

/** The zstd frame of a chunk's plaintext: the same for every archive that holds it. */
export function compressChunk(plain: Uint8Array): Buffer {
  return zstdCompressSync(plain, { ...compressing, pledgedSrcSize: plain.length });
}

/** Chunk `n` of one archive from its zstd frame: AES-256-GCM, tag at the end. */
export function encryptChunk(key: Uint8Array, identity: ArchiveIdentity, n: number, frame: Uint8Array): Buffer {
  const gcm = createCipheriv(cipher, key, nonceOf(n), { authTagLength: tagBytes });
  gcm.setAAD(associatedDataOf(identity, n));
  return Buffer.concat([gcm.update(frame), gcm.final(), gcm.getAuthTag()]);
}

/** Compresses and encrypts chunk `n`. */
export function sealChunk(key: Uint8Array, identity: ArchiveIdentity, n: number, plain: Uint8Array): Buffer {
  return encryptChunk(key, identity, n, compressChunk(plain));
}

/** The plaintext of chunk `n`. Throws DAMAGED when the tag differs, LIMIT_EXCEEDED when it unpacks to more than `maxBytes`. */
export function openChunk(
  key: Uint8Array,
  identity: ArchiveIdentity,
  n: number,
  { sealed, maxBytes }: { readonly sealed: Uint8Array; readonly maxBytes: number },
): Buffer {
  const packed = decrypt(key, identity, n, sealed);
  try {
    return zstdDecompressSync(packed, { ...decompressing, maxOutputLength: maxBytes });
  } catch (cause) {
    if (codeOf(cause) === 'ERR_BUFFER_TOO_LARGE') {
      throw new ArchiveError('LIMIT_EXCEEDED', `chunk ${n} unpacks to more than ${maxBytes} bytes`, { cause });
    }
    throw new ArchiveError('DAMAGED', `chunk ${n} does not unpack`, { cause });
  }
}

function decrypt(key: Uint8Array, identity: ArchiveIdentity, n: number, sealed: Uint8Array): Buffer {
  const end = sealed.length - tagBytes;
  if (end < 0) throw new ArchiveError('DAMAGED', `chunk ${n} is shorter than its tag`);
  const gcm = createDecipheriv(cipher, key, nonceOf(n), { authTagLength: tagBytes });
  gcm.setAAD(associatedDataOf(identity, n));
  gcm.setAuthTag(sealed.subarray(end));
  try {
    return Buffer.concat([gcm.update(sealed.subarray(0, end)), gcm.final()]);
  } catch (cause) {
    throw new ArchiveError('DAMAGED', `the tag of chunk ${n} differs`, {
      hint: 'The archive was altered or its bytes have rotted. Fetch it again.',
      cause,
    });
  }
}
