import { closeSync, fstatSync, openSync, readSync } from 'node:fs';
import { expectInside, type RandomBytes } from './bytes.ts';
import { changed, expectUnchanged, type Listed, openFlags, safelyNow } from './listed-file.ts';

/**
 * A file of the file system, read while the thread waits: an export has thousands of small files, and a detour over the
 * pool of threads costs more than reading one. For the compute thread and the command line; the daemon's own thread has
 * to answer at any time.
 */
export class BlockingFileBytes implements RandomBytes {
  readonly size: number;
  readonly #handle: number;
  readonly #listed: Listed;
  #isOpen = true;

  private constructor(handle: number, listed: Listed) {
    this.#handle = handle;
    this.#listed = listed;
    this.size = listed.bytes;
  }

  static async open(place: Buffer | string, listed: Listed): Promise<BlockingFileBytes> {
    const bytes = new BlockingFileBytes(
      safelyNow(() => openSync(place, openFlags)),
      listed,
    );
    try {
      bytes.#expectUnchanged();
      return bytes;
    } catch (error) {
      await bytes.close();
      throw error;
    }
  }

  async read(at: number, length: number, into?: Buffer): Promise<Buffer> {
    expectInside(this.size, at, length);
    if (at > 0) this.#expectUnchanged();
    const piece = into && into.length >= length ? into.subarray(0, length) : Buffer.allocUnsafe(length);
    for (let filled = 0; filled < length; ) {
      const from = filled;
      const count = safelyNow(() => readSync(this.#handle, piece, from, length - from, at + from));
      if (count === 0) throw changed();
      filled += count;
    }
    return piece;
  }

  async close(): Promise<void> {
    if (!this.#isOpen) return;
    this.#isOpen = false;
    closeSync(this.#handle);
  }

  #expectUnchanged(): void {
    expectUnchanged(
      safelyNow(() => fstatSync(this.#handle)),
      this.#listed,
    );
  }
}
