import { Readable } from 'node:stream';
import type { Clock } from '../../core/clock.ts';

/** Pieces in which a block is handed on, so that a second never carries much more than the ceiling. */
const pieceBytes = 16 * 1024;

/** A ceiling on the bytes that leave, shared by everything that sends under it. */
export class ByteBudget {
  readonly #clock: Clock;
  readonly #bytesPerSecond: number;
  #readyAtMs = Number.NEGATIVE_INFINITY;

  constructor(clock: Clock, bytesPerSecond: number) {
    this.#clock = clock;
    this.#bytesPerSecond = bytesPerSecond;
  }

  /** The block as a stream that gives its pieces no faster than the ceiling allows, all streams together. */
  metered(block: Buffer): Readable {
    const over = new AbortController();
    let at = 0;
    const next = async (stream: Readable) => {
      const piece = block.subarray(at, at + pieceBytes);
      at += piece.length;
      if (piece.length > 0) await this.#take(piece.length, over.signal);
      stream.push(piece.length > 0 ? piece : null);
    };
    return new Readable({
      highWaterMark: pieceBytes,
      read() {
        next(this).catch((error: Error) => this.destroy(error));
      },
      destroy(error, done) {
        over.abort(new Error('the block is not sent any more'));
        done(error);
      },
    });
  }

  /**
   * Books the time that so many bytes take, and waits until those booked before have had theirs. Who does not wait until
   * then gives the time back: a line that breaks must not have those wait who come when it works again.
   */
  async #take(bytes: number, signal: AbortSignal): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const startMs = Math.max(nowMs, this.#readyAtMs);
    const takesMs = (bytes / this.#bytesPerSecond) * 1000;
    this.#readyAtMs = startMs + takesMs;
    try {
      if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs, signal);
    } catch (error) {
      this.#readyAtMs -= takesMs;
      throw error;
    }
  }
}
