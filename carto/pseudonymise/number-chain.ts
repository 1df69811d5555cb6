export interface NumberChainDeps {
  /** Is a number of so many digits one that staff typed? */
  readonly isOriginal: (length: number, value: number) => boolean;
  readonly minLength: number;
  readonly maxLength: number;
}

/**
 * What is found where a run of digits ends: the form of a date, a number that staff typed (`number`), or one of theirs
 * in parts (`divided-number`).
 */
export type Finding = 'date' | 'number' | 'divided-number';

const space = 0x20;
const openParenthesis = 0x28;
const closeParenthesis = 0x29;
const plus = 0x2b;
const comma = 0x2c;
const minus = 0x2d;
const point = 0x2e;
const slash = 0x2f;
const colon = 0x3a;
const underscore = 0x5f;
const zero = 0x30;
const none = 0;

/** No identifier is divided into more parts. */
const maxLinks = 6;
/** A distance that links nothing. */
const far = 99;
/** Measured values have fewer digits before and behind the point together; a phone number with a point has as many. */
const minPointedLength = 9;

/**
 * Follows the digits of a text. Runs of digits that exactly one separator divides form a chain; chains
 * are searched for numbers that staff typed, however divided, and for the forms of dates and times. The digits behind a
 * decimal point are no number of their own, and `00:00:00` is no time but what stands for none. Single digits in a row are a list, not the parts of a number.
 */
export class NumberChain {
  readonly #deps: NumberChainDeps;
  #inRun = false;
  #value = 0;
  #length = 0;
  /** What divides the open run from the one before it; `none` when more than one byte does. */
  #link = none;
  #lastLink = none;
  #gap = far;
  #separator = none;
  /** The runs of the chain, and what divides each from the one before. */
  readonly #values = new Float64Array(maxLinks);
  readonly #lengths = new Int32Array(maxLinks);
  readonly #links = new Uint8Array(maxLinks);
  #count = 0;

  constructor(deps: NumberChainDeps) {
    this.#deps = deps;
  }

  /** The digits in `bytes[from, to)`; they go on the run that is open, or open one. */
  digits(bytes: Uint8Array, from: number, to: number): void {
    if (!this.#inRun) {
      this.#inRun = true;
      this.#value = 0;
      this.#length = 0;
      this.#link = this.#gap === 1 ? this.#separator : none;
    }
    const room = Math.min(to, from + this.#deps.maxLength - this.#length);
    let value = this.#value;
    for (let at = from; at < room; at++) value = value * 10 + (bytes[at] as number) - zero;
    this.#value = value;
    this.#length += to - from;
  }

  letter(): Finding | undefined {
    const found = this.#inRun ? this.#end() : undefined;
    this.#gap = far;
    return found;
  }

  /** The same byte, `count` times, which is neither digit nor letter. */
  separator(byte: number, count: number): Finding | undefined {
    const found = this.#inRun ? this.#end() : undefined;
    this.#gap += count;
    this.#separator = byte;
    return found;
  }

  /** Lines were passed over, in which nothing can be found: the next run begins a chain. */
  newLine(): void {
    this.#inRun = false;
    this.#gap = far;
    this.#count = 0;
  }

  #end(): Finding | undefined {
    this.#inRun = false;
    this.#gap = 0;
    const link = this.#link;
    const lastLink = this.#lastLink;
    this.#lastLink = link;
    if (link === point || link === comma) return this.#endFraction(link, lastLink);
    const isMidnight = link === colon && this.#value === 0 && this.#count > 0 && this.#values[this.#count - 1] === 0;
    if (!isLink(link)) this.#count = 0;
    this.#append(link);
    if (link === slash || (link === colon && !isMidnight) || this.#isDate()) return 'date';
    if (this.#isDivided()) return 'divided-number';
    return this.#isOriginal(this.#length, this.#value) ? 'number' : undefined;
  }

  #endFraction(link: number, lastLink: number): Finding | undefined {
    // No number has two points; a date and an address of the network have.
    if (link === point && lastLink === point) return 'date';
    const last = this.#count - 1;
    this.#count = 0;
    if (last < 0) return undefined;
    const length = (this.#lengths[last] as number) + this.#length;
    const value = (this.#values[last] as number) * 10 ** this.#length + this.#value;
    const isLong = length >= minPointedLength && length <= this.#deps.maxLength;
    return isLong && this.#isOriginal(length, value) ? 'divided-number' : undefined;
  }

  #append(link: number): void {
    if (this.#count === maxLinks) {
      this.#values.copyWithin(0, 1);
      this.#lengths.copyWithin(0, 1);
      this.#links.copyWithin(0, 1);
      this.#count--;
    }
    this.#values[this.#count] = this.#value;
    this.#lengths[this.#count] = this.#length;
    this.#links[this.#count] = link;
    this.#count++;
  }

  /** Every row of runs that ends with the last one, without its separators. */
  #isDivided(): boolean {
    let length = 0;
    let value = 0;
    for (let at = this.#count - 1; at >= 0; at--) {
      value += (this.#values[at] as number) * 10 ** length;
      length += this.#lengths[at] as number;
      if (length > this.#deps.maxLength) return false;
      const runs = this.#count - at;
      if (runs > 1 && length > runs && this.#isOriginal(length, value)) return true;
    }
    return false;
  }

  #isDate(): boolean {
    if (this.#count < 3) return false;
    const last = this.#count - 1;
    const [a = 0, b = 0, c = 0] = this.#lengths.subarray(last - 2, last + 1);
    const [first, second] = this.#links.subarray(last - 1, last + 1);
    if (first === underscore && second === underscore && a >= 2 && b === 2 && c >= 2) return true;
    if (first !== minus || second !== minus || b > 2) return false;
    return (a === 4 && c <= 2) || (a <= 2 && c === 4) || (a === 2 && b === 2 && c === 2);
  }

  #isOriginal(length: number, value: number): boolean {
    const { minLength, maxLength, isOriginal } = this.#deps;
    return length >= minLength && isOriginal(Math.min(length, maxLength), value);
  }
}

function isLink(byte: number): boolean {
  switch (byte) {
    case space:
    case openParenthesis:
    case closeParenthesis:
    case plus:
    case minus:
    case underscore:
      return true;
    default:
      return false;
  }
}
