import yauzl from 'yauzl';
import type { Checkpoint } from '../../core/gate-flag.ts';
import type { RandomBytes } from './bytes.ts';

/** A central directory is read in steps of some dozen bytes: they are taken from a window of this size. */
const windowBytes = 256 * 1024;

/** Gives yauzl the bytes of a container; a checkpoint before each window. */
export class ZipReader extends yauzl.RandomAccessReader {
  readonly #bytes: RandomBytes;
  readonly #checkpoint: Checkpoint;
  #window: { readonly at: number; readonly bytes: Buffer } = { at: 0, bytes: Buffer.alloc(0) };

  constructor(bytes: RandomBytes, checkpoint: Checkpoint) {
    super();
    this.#bytes = bytes;
    this.#checkpoint = checkpoint;
  }

  override read(
    buffer: Buffer,
    offset: number,
    length: number,
    position: number,
    callback: (error: Error | null) => void,
  ): void {
    this.#read(position, length).then(
      (bytes) => {
        bytes.copy(buffer, offset);
        callback(null);
      },
      (error: Error) => callback(error),
    );
  }

  async #read(at: number, length: number): Promise<Buffer> {
    const from = at - this.#window.at;
    if (from >= 0 && from + length <= this.#window.bytes.length)
      return this.#window.bytes.subarray(from, from + length);
    await this.#checkpoint();
    const size = Math.max(length, Math.min(windowBytes, this.#bytes.size - at));
    this.#window = { at, bytes: await this.#bytes.read(at, size) };
    return this.#window.bytes.subarray(0, length);
  }
}
