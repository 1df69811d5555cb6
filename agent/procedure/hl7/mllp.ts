/** MLLP (HL7 v2 minimal lower layer protocol): <SB> message <EB><CR>. */
const startByte = 0x0b;
const endByte = 0x1c;
const returnByte = 0x0d;

/** Bytes outside of any frame that are put up with in a row: line ends of senders that add their own. */
const mostNoiseBytes = 1024;

/**
 * Cuts a stream of bytes into messages, however it arrives. A start byte in the middle begins a new message: the sender
 * gave the one before up. Throws nothing; `overflow` says that a message, or the noise between, is too long to be one.
 */
export class MllpDecoder {
  readonly #maxBytes: number;
  #pieces: Buffer[] = [];
  #bytes = 0;
  #noise = 0;
  #isInside = false;
  #endSeen = false;

  constructor(maxBytes: number) {
    this.#maxBytes = maxBytes;
  }

  /** True from a start byte to its end: the peer owes the rest. */
  get isInside(): boolean {
    return this.#isInside;
  }

  push(chunk: Buffer): { readonly messages: readonly Buffer[]; readonly overflow: boolean } {
    const messages: Buffer[] = [];
    let from = 0;
    for (let at = 0; at < chunk.length; at++) {
      const byte = chunk[at];
      if (byte === startByte) {
        this.#begin();
        from = at + 1;
      } else if (!this.#isInside) {
        this.#noise++;
      } else if (this.#endSeen && byte === returnByte) {
        this.#keep(chunk.subarray(from, at));
        // The end byte itself is the last one kept.
        messages.push(Buffer.concat(this.#pieces).subarray(0, -1));
        this.#reset();
      }
      this.#endSeen = this.#isInside && byte === endByte;
    }
    if (this.#isInside) this.#keep(chunk.subarray(from));
    return { messages, overflow: this.#bytes > this.#maxBytes || this.#noise > mostNoiseBytes };
  }

  #begin(): void {
    this.#reset();
    this.#isInside = true;
  }

  #reset(): void {
    this.#pieces = [];
    this.#bytes = 0;
    this.#noise = 0;
    this.#isInside = false;
    this.#endSeen = false;
  }

  /** Copies: the socket's buffer is used again. */
  #keep(piece: Buffer): void {
    this.#bytes += piece.length;
    if (this.#bytes <= this.#maxBytes) this.#pieces.push(Buffer.from(piece));
  }
}

export function frame(message: Buffer): Buffer {
  return Buffer.concat([Buffer.of(startByte), message, Buffer.of(endByte, returnByte)]);
}
