/**
 * What goes out of one block of source lines: nothing, unless it was passed, because it was proved, or put, because it
 * was generated. Writers touch the source's bytes through this alone.
 */
export class Passage {
  #block: Buffer = Buffer.alloc(0);
  #out: Buffer = noBytes;
  #length = 0;
  #from = 0;
  #to = 0;

  begin(block: Buffer): void {
    this.#block = block;
    this.#out = noBytes;
    this.#length = 0;
    this.#from = 0;
    this.#to = 0;
  }

  /** Bytes of the block that go on unchanged. Only for what a grammar has proved, and for line ends and blanks. */
  pass(from: number, to: number): void {
    if (from >= to) return;
    if (from !== this.#to) {
      this.#flush();
      this.#from = from;
    }
    this.#to = to;
  }

  /** Generated text. What is not Latin-1 never gets here: names are coded. */
  put(text: string): void {
    if (text === '') return;
    this.#flush();
    this.#room(text.length);
    this.#length += this.#out.write(text, this.#length, 'latin1');
  }

  /** The output of the block. */
  take(): Buffer {
    this.#flush();
    return this.#out.subarray(0, this.#length);
  }

  #flush(): void {
    const count = this.#to - this.#from;
    if (count > 0) {
      this.#room(count);
      this.#block.copy(this.#out, this.#length, this.#from, this.#to);
      this.#length += count;
    }
    this.#from = this.#to;
  }

  #room(count: number): void {
    if (this.#length + count <= this.#out.length) return;
    // Most blocks are proved, and nothing of them comes here; of the others most comes.
    const larger = Buffer.allocUnsafe(Math.max(this.#block.length + 1024, 2 * this.#out.length) + count);
    this.#out.copy(larger, 0, 0, this.#length);
    this.#out = larger;
  }
}

const noBytes = Buffer.alloc(0);
