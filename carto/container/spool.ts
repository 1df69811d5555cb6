import { createCipheriv, createDecipheriv, randomBytes } from 'node:crypto';
import { constants } from 'node:fs';
import { type FileHandle, open, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import { CartoError } from '../error.ts';
import { expectInside, type RandomBytes } from './bytes.ts';

/** Plain bytes of a block: what is read and decrypted at once to give one byte of it. */
const blockBytes = 64 * 1024;
const tagBytes = 16;

/** `O_TMPFILE`: a file that never had a name. The upper bit is not among Node's constants. */
const nameless = 0o20000000 | constants.O_DIRECTORY;

/**
 * Where content waits that cannot be read in any order where it lies. A file without a name, each block sealed with
 * AES-256-GCM under a key that is nowhere but here: when this process ends, by whatever cause, the file is gone and what
 * lay on the disk is noise. Bytes are added at the end only, so no nonce (the number of the block) is used twice.
 */
export class Spool {
  readonly #file: FileHandle;
  readonly #maxBytes: number;
  readonly #key = randomBytes(32);
  /** The block that is being filled, not yet on disk. */
  readonly #tail = Buffer.alloc(blockBytes);
  #size = 0;
  #last: { readonly block: number; readonly plain: Buffer } | undefined;

  private constructor(file: FileHandle, maxBytes: number) {
    this.#file = file;
    this.#maxBytes = maxBytes;
  }

  /** Throws UNREADABLE or DISK_FULL; no message holds the folder. */
  static async create(folder: string, maxBytes: number): Promise<Spool> {
    return new Spool(await onDisk(createNameless(folder)), maxBytes);
  }

  get size(): number {
    return this.#size;
  }

  /** Adds bytes at the end. Throws TOO_LARGE before the cap is passed, DISK_FULL. One call at a time. */
  async append(bytes: Uint8Array): Promise<void> {
    if (this.#size + bytes.length > this.#maxBytes) {
      throw new CartoError('TOO_LARGE', `what has to be spooled is more than the limit of ${this.#maxBytes} bytes`);
    }
    for (let at = 0; at < bytes.length; ) {
      const filled = this.#size % blockBytes;
      const part = bytes.subarray(at, at + blockBytes - filled);
      this.#tail.set(part, filled);
      if (filled + part.length === blockBytes) await this.#flush(Math.floor(this.#size / blockBytes));
      this.#size += part.length;
      at += part.length;
    }
  }

  /** A part of what was spooled. Closing it leaves the spool as it is. */
  part(from: number, size: number): RandomBytes {
    return {
      size,
      read: async (at, length) => {
        expectInside(size, at, length);
        return this.#read(from + at, length);
      },
      close: async () => {},
    };
  }

  async close(): Promise<void> {
    this.#key.fill(0);
    this.#tail.fill(0);
    this.#last = undefined;
    await this.#file.close();
  }

  async #read(at: number, length: number): Promise<Buffer> {
    expectInside(this.#size, at, length);
    const bytes = Buffer.allocUnsafeSlow(length);
    for (let done = 0; done < length; ) {
      const block = Math.floor((at + done) / blockBytes);
      const plain = await this.#block(block);
      done += plain.copy(bytes, done, at + done - block * blockBytes);
    }
    return bytes;
  }

  async #block(block: number): Promise<Buffer> {
    // A copy: the tail is filled again while whoever asked waits.
    if (block === Math.floor(this.#size / blockBytes))
      return Buffer.from(this.#tail.subarray(0, this.#size % blockBytes));
    if (this.#last?.block !== block) this.#last = { block, plain: await this.#opened(block) };
    return this.#last.plain;
  }

  async #flush(block: number): Promise<void> {
    const cipher = createCipheriv('aes-256-gcm', this.#key, nonceOf(block));
    const sealed = Buffer.concat([cipher.update(this.#tail), cipher.final(), cipher.getAuthTag()]);
    for (let at = 0; at < sealed.length; ) {
      const place = block * sealed.length + at;
      at += (await onDisk(this.#file.write(sealed, at, sealed.length - at, place))).bytesWritten;
    }
  }

  async #opened(block: number): Promise<Buffer> {
    const sealed = Buffer.alloc(blockBytes + tagBytes);
    const { bytesRead } = await onDisk(this.#file.read(sealed, 0, sealed.length, block * sealed.length));
    const decipher = createDecipheriv('aes-256-gcm', this.#key, nonceOf(block));
    decipher.setAuthTag(sealed.subarray(blockBytes));
    try {
      if (bytesRead !== sealed.length) throw new RangeError('short');
      return Buffer.concat([decipher.update(sealed.subarray(0, blockBytes)), decipher.final()]);
    } catch {
      throw new CartoError('UNREADABLE', 'the spool did not give back what was written', {
        kind: 'spool',
        hint: 'Check the disk of the spool folder.',
      });
    }
  }
}

function nonceOf(block: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(block), 4);
  return nonce;
}

/** File systems without nameless files get a name for a moment, while the file is still empty. */
async function createNameless(folder: string): Promise<FileHandle> {
  try {
    return await open(folder, constants.O_RDWR | nameless, 0o600);
  } catch (error) {
    if (!['EOPNOTSUPP', 'ENOTSUP', 'EISDIR', 'EINVAL'].includes(codeOf(error) ?? '')) throw error;
  }
  const path = join(folder, `.spool-${randomBytes(8).toString('hex')}`);
  const file = await open(path, 'wx+', 0o600);
  await unlink(path);
  return file;
}

async function onDisk<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    const code = codeOf(error) ?? 'unknown reason';
    if (code === 'ENOSPC' || code === 'EDQUOT') throw new CartoError('DISK_FULL', 'the spool has no room left');
    throw new CartoError('UNREADABLE', `the spool could not be used (${code})`, {
      kind: 'spool',
      hint: 'Check that the spool folder exists and that the service may write there.',
    });
  }
}
