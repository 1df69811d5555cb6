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
    const pieces = async function* (budget: ByteBudget) {
      for (let at = 0; at < block.length; at += pieceBytes) {
        const piece = block.subarray(at, at + pieceBytes);
        await budget.#take(piece.length);
        yield piece;
      }
    };
    return Readable.from(pieces(this), { objectMode: false, highWaterMark: pieceBytes });
  }

  /** Books the time that so many bytes take, and waits until those booked before have had theirs. */
  async #take(bytes: number): Promise<void> {
    const nowMs = this.#clock.monotonicMs();
    const startMs = Math.max(nowMs, this.#readyAtMs);
    this.#readyAtMs = startMs + (bytes / this.#bytesPerSecond) * 1000;
    if (startMs > nowMs) await this.#clock.sleep(startMs - nowMs);
  }
}
