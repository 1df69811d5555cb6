import { type FileHandle, open } from 'node:fs/promises';
import { expectInside, type RandomBytes } from './bytes.ts';
import { changed, expectUnchanged, type Listed, openFlags, safely } from './listed-file.ts';

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
    expectUnchanged(await safely(this.#handle.stat()), this.#listed);
  }
}
