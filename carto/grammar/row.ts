import type { Line } from './line.ts';
import { isNumberIn, numberIn } from './number.ts';

/** More cells than any table has. */
export const maxCells = 2048;
const usualCells = 64;

const blank = 32;
const tab = 9;

/** The cells of one line, split at blanks and tabs; one object serves a whole file. */
export class Row {
  /** How many cells the line has; `maxCells + 1` when there are more than that. */
  count = 0;
  #bytes: Uint8Array = new Uint8Array();
  /** Grows with the widest line: there are thousands of files, and most are narrow. */
  #bounds = new Int32Array(2 * usualCells);

  split(line: Line): this {
    const bytes = line.block;
    const end = line.end;
    let bounds = this.#bounds;
    let count = 0;
    let at = line.start;
    for (;;) {
      while (at < end && (bytes[at] === blank || bytes[at] === tab)) at++;
      if (at >= end) break;
      if (count === maxCells) {
        count++;
        break;
      }
      if (2 * count === bounds.length) bounds = this.#grow();
      bounds[2 * count] = at;
      while (at < end && bytes[at] !== blank && bytes[at] !== tab) at++;
      bounds[2 * count + 1] = at;
      count++;
    }
    this.#bytes = bytes;
    this.count = count;
    return this;
  }

  #grow(): Int32Array<ArrayBuffer> {
    const larger = new Int32Array(2 * this.#bounds.length);
    larger.set(this.#bounds);
    this.#bounds = larger;
    return larger;
  }

  /** First byte of cell `index`, and the byte behind its last. */
  start(index: number): number {
    return this.#bounds[2 * index] as number;
  }

  end(index: number): number {
    return this.#bounds[2 * index + 1] as number;
  }

  isNumber(index: number): boolean {
    return isNumberIn(this.#bytes, this.start(index), this.end(index));
  }

  /** NaN for a missing word, undefined for what is no number. */
  number(index: number): number | undefined {
    return numberIn(this.#bytes, this.start(index), this.end(index));
  }

  text(index: number): string {
    return Buffer.from(this.#bytes.subarray(this.start(index), this.end(index))).toString('latin1');
  }

  is(index: number, character: string): boolean {
    const start = this.start(index);
    return this.end(index) === start + 1 && this.#bytes[start] === character.charCodeAt(0);
  }

  /** True when the cells from `first` on are numbers: what has to hold before bytes go on unchanged. */
  areNumbers(first = 0): boolean {
    for (let index = first; index < this.count; index++) if (!this.isNumber(index)) return false;
    return true;
  }
}
