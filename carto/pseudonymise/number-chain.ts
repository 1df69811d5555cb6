export interface NumberChainDeps {
  /** Is a number of so many digits one that staff typed? */
  readonly isOriginal: (length: number, value: number) => boolean;
  readonly hit: (rule: 'original-number' | 'date') => never;
  readonly minLength: number;
  readonly maxLength: number;
}

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

/**
 * Follows the digits of a text. Runs of digits that exactly one separator divides form a chain; chains
 * are searched for numbers that staff typed, however divided, and for the forms of dates and times. The digits behind a
 * decimal point are no number of their own.
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

  letter(): void {
    if (this.#inRun) this.#end();
    this.#gap = far;
  }

  /** The same byte, `count` times, which is neither digit nor letter. */
  separator(byte: number, count: number): void {
    if (this.#inRun) this.#end();
    this.#gap += count;
    this.#separator = byte;
  }

  #end(): void {
    this.#inRun = false;
    this.#gap = 0;
    const link = this.#link;
    const lastLink = this.#lastLink;
    this.#lastLink = link;
    if (link === point || link === comma) {
      // No number has two points; a date and an address of the network have.
      if (link === point && lastLink === point) this.#deps.hit('date');
      this.#count = 0;
      return;
    }
    if (link === slash || link === colon) this.#deps.hit('date');
    if (!isLink(link)) this.#count = 0;
    this.#check(this.#length, this.#value);
    this.#append(link);
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
    if (this.#count >= 2) this.#checkJoined();
    if (this.#count >= 3) this.#checkDate();
  }

  /** Every row of runs that ends with the last one, without its separators. */
  #checkJoined(): void {
    let length = 0;
    let value = 0;
    for (let at = this.#count - 1; at >= 0; at--) {
      value += (this.#values[at] as number) * 10 ** length;
      length += this.#lengths[at] as number;
      if (length > this.#deps.maxLength) return;
      if (at < this.#count - 1) this.#check(length, value);
    }
  }

  #checkDate(): void {
    const last = this.#count - 1;
    const [a = 0, b = 0, c = 0] = this.#lengths.subarray(last - 2, last + 1);
    const [first, second] = this.#links.subarray(last - 1, last + 1);
    if (first === underscore && second === underscore && a >= 2 && b === 2 && c >= 2) this.#deps.hit('date');
    if (first !== minus || second !== minus || b > 2) return;
    const isDate = (a === 4 && c <= 2) || (a <= 2 && c === 4) || (a === 2 && b === 2 && c === 2);
    if (isDate) this.#deps.hit('date');
  }

  #check(length: number, value: number): void {
    const { minLength, maxLength, isOriginal, hit } = this.#deps;
    if (length >= minLength && isOriginal(Math.min(length, maxLength), value)) hit('original-number');
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
