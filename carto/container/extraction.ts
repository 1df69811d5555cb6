import { crc32 } from 'node:zlib';
import { CartoError } from '../error.ts';
import type { RandomBytes } from './bytes.ts';
import type { Spool } from './spool.ts';

/** An entry as it comes out of the stream, in the order of the archive. */
export interface StreamedEntry {
  readonly bytes: number;
  readonly crc32: number | undefined;
}

/**
 * Unpacks a solid archive once, in its own order, into the spool, as far as somebody has asked for: a file that is opened
 * again, or after a later one, comes from there. Each checksum is verified on the way in.
 */
export class Extraction {
  readonly #entries: readonly StreamedEntry[];
  readonly #stream: AsyncGenerator<Buffer>;
  readonly #openSpool: () => Promise<Spool>;
  /** Where the entries that are complete lie in the spool. */
  readonly #places: number[] = [];
  #left: Buffer = Buffer.alloc(0);
  #failure: unknown;
  #turn: Promise<void> = Promise.resolve();

  /** `stream`: the content of all entries that hold any, one behind the other. */
  constructor(entries: readonly StreamedEntry[], stream: AsyncGenerator<Buffer>, openSpool: () => Promise<Spool>) {
    this.#entries = entries;
    this.#stream = stream;
    this.#openSpool = openSpool;
  }

  /** Whether something came out whole: then the password was the right one. */
  get hasProved(): boolean {
    return this.#places.some((_, index) => (this.#entries[index]?.bytes ?? 0) > 0);
  }

  /** The content of an entry. Those that wait do so in the order in which they came. */
  async content(index: number): Promise<RandomBytes> {
    const entry = this.#entries[index];
    if (!entry) throw new RangeError(`there is no entry ${index}`);
    // Without a checksum, only the end of the whole tells that it was whole.
    const last = entry.crc32 === undefined && entry.bytes > 0 ? this.#entries.length - 1 : index;
    const turn = this.#turn.then(() => this.#upTo(last));
    this.#turn = turn.catch(() => {});
    await turn;
    return (await this.#openSpool()).part(this.#places[index] ?? 0, entry.bytes);
  }

  async close(): Promise<void> {
    this.#failure ??= new CartoError('UNREADABLE', 'the archive was closed');
    await this.#stream.return(undefined);
  }

  async #upTo(index: number): Promise<void> {
    try {
      while (this.#places.length <= index) {
        if (this.#failure !== undefined) throw this.#failure;
        this.#places.push(await this.#extract(this.#entries[this.#places.length]!));
        if (this.#places.length === this.#entries.length) await this.#expectEnd();
      }
    } catch (error) {
      this.#failure ??= error;
      throw error;
    }
  }

  async #extract({ bytes, crc32: expected }: StreamedEntry): Promise<number> {
    const spool = await this.#openSpool();
    const place = spool.size;
    let sum = 0;
    for (let missing = bytes; missing > 0; ) {
      if (this.#left.length === 0) this.#left = await this.#next();
      const piece = this.#left.subarray(0, missing);
      this.#left = this.#left.subarray(piece.length);
      missing -= piece.length;
      sum = crc32(piece, sum);
      await spool.append(piece);
    }
    if (bytes > 0 && expected !== undefined && sum !== expected) throw mismatch();
    return place;
  }

  async #next(): Promise<Buffer> {
    const { value, done } = await this.#stream.next();
    if (done) throw mismatch();
    return value;
  }

  async #expectEnd(): Promise<void> {
    if (this.#left.length > 0 || !(await this.#stream.next()).done) throw mismatch();
  }
}

function mismatch(): CartoError {
  return new CartoError('UNREADABLE', 'the checksum of an entry does not match its content', { kind: '7z' });
}
