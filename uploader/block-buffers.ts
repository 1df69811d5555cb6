/** Memory for blocks, used again: megabytes that come and go keep the collector busy for a fifth of a delivery. */
export class BlockBuffers {
  readonly #free: Buffer[] = [];

  /** So many bytes, with whatever stood in them. */
  take(bytes: number): Buffer {
    const at = this.#free.findIndex(({ buffer }) => buffer.byteLength >= bytes);
    // One that is too small is of no use any more: blocks grow.
    const free = at === -1 ? undefined : this.#free.splice(at, 1)[0];
    if (!free) this.#free.shift();
    return free ? Buffer.from(free.buffer, 0, bytes) : Buffer.allocUnsafeSlow(bytes);
  }

  /** Gives back what was taken, once nobody can read it any more. What is never given back is collected. */
  give(block: Buffer): void {
    this.#free.push(block);
  }
}
