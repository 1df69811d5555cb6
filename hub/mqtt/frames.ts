/**
 * Follows the frames of an MQTT stream (MQTT 3.1.1, 2.2) without keeping them, to know how long each says it is before
 * its bytes are buffered. The first frame is the CONNECT of a peer that nobody knows yet: it has its own, small limit.
 */
export class FrameMeter {
  readonly #maxFirstBytes: number;
  readonly #maxBytes: number;
  #frames = 0;
  #state: 'type' | 'length' | 'body' = 'type';
  #remaining = 0;
  #lengthBytes = 0;

  constructor(limits: { readonly maxFirstBytes: number; readonly maxBytes: number }) {
    this.#maxFirstBytes = limits.maxFirstBytes;
    this.#maxBytes = limits.maxBytes;
  }

  /** False when a frame announces more than it may have, or its length is malformed: the connection must be cut. */
  accept(chunk: Uint8Array): boolean {
    for (let at = 0; at < chunk.length; ) {
      if (this.#state === 'body') {
        const taken = Math.min(this.#remaining, chunk.length - at);
        this.#remaining -= taken;
        at += taken;
        if (this.#remaining === 0) this.#state = 'type';
      } else if (!this.#header(chunk[at++] as number)) {
        return false;
      }
    }
    return true;
  }

  #header(byte: number): boolean {
    if (this.#state === 'type') {
      this.#state = 'length';
      this.#remaining = 0;
      this.#lengthBytes = 0;
      this.#frames += 1;
      return true;
    }
    this.#remaining += (byte & 127) * 128 ** this.#lengthBytes;
    this.#lengthBytes += 1;
    if ((byte & 128) !== 0) return this.#lengthBytes < 4;
    this.#state = this.#remaining === 0 ? 'type' : 'body';
    return this.#remaining <= (this.#frames === 1 ? this.#maxFirstBytes : this.#maxBytes);
  }
}
