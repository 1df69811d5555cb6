import { maxChunkBytes } from './format.ts';

/** Where added bytes went inside the current chunk. */
export interface Packed {
  readonly offset: number;
  readonly length: number;
}

/** Gathers plaintext into chunks: small files share one, large ones fill several. One buffer, used again and again. */
export class Packer {
  readonly #buffer = Buffer.allocUnsafeSlow(maxChunkBytes);
  #used = 0;

  get isFull(): boolean {
    return this.#used === maxChunkBytes;
  }

  get isEmpty(): boolean {
    return this.#used === 0;
  }

  /** Takes as much as fits; the caller offers the rest again after `clear`. */
  add(bytes: Uint8Array): Packed {
    const offset = this.#used;
    const length = Math.min(bytes.length, maxChunkBytes - offset);
    this.#buffer.set(bytes.subarray(0, length), offset);
    this.#used += length;
    return { offset, length };
  }

  /** The gathered plaintext: a view that is good until `clear`. */
  get bytes(): Uint8Array {
    return this.#buffer.subarray(0, this.#used);
  }

  clear(): void {
    this.#used = 0;
  }
}
