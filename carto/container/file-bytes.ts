import { constants } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { codeOf } from '../../core/errors.ts';
import { CartoError } from '../error.ts';
import { expectInside, type RandomBytes } from './bytes.ts';

/** What was seen of a file when it was listed. */
export interface Listed {
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** `O_NOFOLLOW` and the second look guard against an entry that was exchanged after it was listed. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** A file of the file system. Each read looks whether it still is what was listed: a copy may be under way. */
export class FileBytes implements RandomBytes {
  readonly size: number;
  readonly #handle: FileHandle;
  readonly #listed: Listed;

  private constructor(handle: FileHandle, listed: Listed) {
    this.#handle = handle;
    this.#listed = listed;
    this.size = listed.bytes;
  }

  static async open(place: Buffer | string, listed: Listed): Promise<FileBytes> {
    const bytes = new FileBytes(await safely(open(place, openFlags)), listed);
    try {
      await bytes.#expectUnchanged();
      return bytes;
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  async read(at: number, length: number, into?: Buffer): Promise<Buffer> {
    expectInside(this.size, at, length);
    await this.#expectUnchanged();
    const piece = into && into.length >= length ? into.subarray(0, length) : Buffer.allocUnsafeSlow(length);
    for (let filled = 0; filled < length; ) {
      const { bytesRead } = await safely(this.#handle.read(piece, filled, length - filled, at + filled));
      if (bytesRead === 0) throw changed();
      filled += bytesRead;
    }
    return piece;
  }

  close(): Promise<void> {
    return this.#handle.close();
  }

  async #expectUnchanged(): Promise<void> {
    const stats = await safely(this.#handle.stat());
    const { bytes, mtimeMs } = this.#listed;
    if (!stats.isFile() || stats.size !== bytes || stats.mtimeMs !== mtimeMs) throw changed();
  }
}

export function changed(): CartoError {
  return new CartoError('UNREADABLE', 'a file changed between listing and reading', {
    hint: 'The export is still being written or copied. It is tried again when it has settled.',
  });
}

/** System errors name the path; only their code goes on. */
export async function safely<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new CartoError('UNREADABLE', `the source could not be read (${codeOf(error) ?? 'unknown reason'})`, {
      hint: 'Check that the folder is mounted and that the service may read it.',
    });
  }
}
