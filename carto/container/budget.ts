import { CartoError } from '../error.ts';
import { harmlessBytes, type SourceLimits } from './limits.ts';

/** Counts what an archive announces against the caps, before anything of it is unpacked. */
export class Budget {
  readonly #limits: SourceLimits;
  readonly #kind: string;
  readonly #outermostBytes: number;
  #totalBytes = 0;

  /** `outermostBytes`: size of the container that somebody put there, whose bytes are those that it cost. */
  constructor(limits: SourceLimits, kind: string, outermostBytes: number) {
    this.#limits = limits;
    this.#kind = kind;
    this.#outermostBytes = outermostBytes;
  }

  expectEntries(count: number): void {
    if (count > this.#limits.maxEntries) throw this.#tooLarge('entries are more than', this.#limits.maxEntries);
  }

  /** One more file, of an announced size. Whoever unpacks it must see to it that no more comes. */
  add(bytes: number): void {
    const { maxFileBytes, maxTotalBytes, maxRatio } = this.#limits;
    if (!Number.isSafeInteger(bytes) || bytes > maxFileBytes) {
      throw this.#tooLarge('bytes of one file are more than', maxFileBytes);
    }
    this.#totalBytes += bytes;
    if (this.#totalBytes > maxTotalBytes) throw this.#tooLarge('bytes of all files are more than', maxTotalBytes);
    if (this.#totalBytes > harmlessBytes && this.#totalBytes > maxRatio * this.#outermostBytes) {
      throw this.#tooLarge('bytes unpacked for each byte packed are more than', maxRatio);
    }
  }

  #tooLarge(what: string, limit: number): CartoError {
    return new CartoError('TOO_LARGE', `${what} the limit of ${limit}`, { kind: this.#kind });
  }
}
