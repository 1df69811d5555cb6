import { CartoError } from '../error.ts';
import { ecgKind } from '../grammar/ecg.ts';

const tab = 9;
const lineFeed = 10;
const carriageReturn = 13;
const blank = 32;
const minus = 0x2d;
const plus = 0x2b;
const zero = 0x30;

/** Eight blanks as a number: most of an ECG file is blanks, so they are passed eight at a time. */
const eightBlanks = new Float64Array(Uint8Array.from({ length: 8 }, () => blank).buffer)[0] as number;

/** Beyond it a sum of digits would not fit 32 bits. */
const maxDigits = 9;

/** Rows that are gathered before they are put into columns: small enough for the cache. */
const tileRows = 64;
const firstRoom = 2560;

/**
 * The rows of an ECG export, parsed from bytes as they come: integers in columns between blanks. Nothing is allocated
 * per cell. Throws UNREADABLE with the line where a row has too many or too few cells, or a cell is no integer.
 */
export class EcgCounts {
  samples = 0;
  readonly #width: number;
  readonly #tile: Int32Array;
  /** All channels one behind the other, each with room for so many samples. */
  #counts: Int32Array;
  #room = firstRoom;
  #line: number;
  /** Cells of the tile so far, and where the row that is being read began. */
  #filled = 0;
  #rowStart = 0;

  /** `line`: number of the line of channel names. */
  constructor(channels: number, line: number) {
    this.#width = channels;
    this.#line = line;
    this.#tile = new Int32Array(tileRows * channels);
    this.#counts = new Int32Array(firstRoom * channels);
  }

  /** Whole lines; `from`: where to begin. */
  feed(bytes: Buffer, from: number): void {
    const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
    const tile = this.#tile;
    const end = bytes.length;
    let rowEnd = this.#rowStart + this.#width;
    let filled = this.#filled;
    let at = from;
    while (at < end) {
      let byte = bytes[at] as number;
      if (byte === blank) {
        at++;
        while (at + 8 <= end && view.getFloat64(at, true) === eightBlanks) at += 8;
        continue;
      }
      if (byte === lineFeed) {
        at++;
        if (filled === rowEnd) {
          filled = this.#endRow(filled);
          rowEnd = this.#rowStart + this.#width;
        } else if (filled !== this.#rowStart) throw this.#miscounted(filled - this.#rowStart);
        this.#line++;
        continue;
      }
      if (byte === tab || byte === carriageReturn) {
        at++;
        continue;
      }
      const sign = byte;
      if (byte === minus || byte === plus) byte = at + 1 < end ? (bytes[at + 1] as number) : 0;
      let cell = at + (sign === byte ? 0 : 1);
      const firstDigit = cell;
      let value = 0;
      let digit = (byte - zero) | 0;
      while (digit >= 0 && digit <= 9) {
        value = (value * 10 + digit) | 0;
        cell++;
        digit = cell < end ? ((bytes[cell] as number) - zero) | 0 : -1;
      }
      const digits = cell - firstDigit;
      if (digits === 0 || digits > maxDigits || (cell < end && !isEdge(bytes[cell] as number))) throw this.#noInteger();
      if (filled === rowEnd) throw this.#miscounted(this.#width + 1);
      tile[filled++] = sign === minus ? -value | 0 : value;
      at = cell;
    }
    this.#filled = filled;
  }

  /** After the last byte: the samples of each channel. A last line that has no end counts. */
  end(): { readonly samples: number; readonly channels: readonly Int32Array[] } {
    const cells = this.#filled - this.#rowStart;
    if (cells === this.#width) this.#endRow(this.#filled);
    else if (cells > 0) throw this.#miscounted(cells);
    this.#empty();
    const { samples } = this;
    const channels = Array.from({ length: this.#width }, (_, channel) => this.#channel(channel).subarray(0, samples));
    return { samples, channels };
  }

  #channel(channel: number): Int32Array {
    return this.#counts.subarray(channel * this.#room, (channel + 1) * this.#room);
  }

  /** Returns where the next row begins in the tile. */
  #endRow(filled: number): number {
    this.#rowStart = filled;
    if (filled === this.#tile.length) this.#empty();
    return this.#rowStart;
  }

  #empty(): void {
    const width = this.#width;
    const rows = this.#rowStart / width;
    while (this.samples + rows > this.#room) this.#grow();
    for (let channel = 0; channel < width; channel++) {
      const to = channel * this.#room + this.samples;
      for (let row = 0; row < rows; row++) this.#counts[to + row] = this.#tile[row * width + channel] as number;
    }
    this.samples += rows;
    this.#rowStart = 0;
  }

  #grow(): void {
    const grown = new Int32Array(2 * this.#room * this.#width);
    for (let channel = 0; channel < this.#width; channel++) grown.set(this.#channel(channel), 2 * channel * this.#room);
    this.#counts = grown;
    this.#room *= 2;
  }

  #miscounted(cells: number): CartoError {
    const more = cells > this.#width ? 'at least ' : '';
    return this.#broken(`a row has ${more}${cells} cells for ${this.#width} channels`);
  }

  #noInteger(): CartoError {
    return this.#broken('a cell is not an integer');
  }

  #broken(what: string): CartoError {
    return new CartoError('UNREADABLE', what, { kind: ecgKind, line: this.#line + 1 });
  }
}

function isEdge(byte: number): boolean {
  return byte === blank || byte === lineFeed || byte === carriageReturn || byte === tab;
}
