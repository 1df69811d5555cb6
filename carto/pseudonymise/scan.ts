import { CartoError } from '../error.ts';
import { type Finding, NumberChain } from './number-chain.ts';
import { maxNumberLength, minMixedLength, minNumberLength, type Originals } from './originals.ts';
import { isOfSequence } from './sequence.ts';

/**
 * - `original-word`, `original-mixed-word`, `original-number`: staff typed it somewhere in this export. A number that is
 *   one of a sequence of time stamps is not meant: see `isOfSequence`.
 * - `unknown-word`: no word of the format and no generated code.
 * - `date`: digits in the form of a date or a time of day.
 * - `character`: a byte that the output never has; it is ASCII but for the micro sign.
 */
export type ScanRule =
  | 'original-word'
  | 'original-mixed-word'
  | 'original-number'
  | 'unknown-word'
  | 'date'
  | 'character';

export interface ScanTerms {
  /** Looked at when a word ends: it may grow while files are written. */
  readonly originals: Originals;
  /** Words of the format, and words of the codes; lower case. */
  readonly lexicon: ReadonlySet<string>;
  readonly codeWords: ReadonlySet<string>;
}

const other = 0;
const digit = 1;
const letter = 2;
const forbidden = 3;
const microLead = 4;
const micro = 5;

const space = 0x20;
const lineFeed = 0x0a;

/** Classes of bytes. The micro sign is B5 in Windows-1252 and C2 B5 in UTF-8. */
const classes = Uint8Array.from({ length: 256 }, (_, byte) => {
  if (byte >= 0x30 && byte <= 0x39) return digit;
  if ((byte >= 0x41 && byte <= 0x5a) || (byte >= 0x61 && byte <= 0x7a)) return letter;
  if (byte === 0xc2) return microLead;
  if (byte === 0xb5) return micro;
  const isLayout = byte === 9 || byte === 10 || byte === 13;
  return isLayout || (byte >= 0x20 && byte < 0x7f) ? other : forbidden;
});

/** So much text around a number tells whether it is one of a sequence. */
const windowBytes = 4096;

/** No word of the format is longer; a longer one is cut here and is unknown. */
const maxWordLength = 64;

/**
 * Looks through output as it is produced, in one pass over its bytes, across the borders of pieces. It trusts no
 * writer: what was proved is looked at like anything else. A hit throws PHI_SUSPECTED with the rule and the kind of
 * file; never with what was found.
 */
export class OutputScan {
  readonly #terms: ScanTerms;
  readonly #kind: string;
  readonly #chain: NumberChain;
  /** The run of letters, and of letters and digits, that is open at the end of the last piece. */
  #word = '';
  #mixed = '';
  #mixedHasLetter = false;
  #afterMicroLead = false;
  #line = 1;
  /** The end of what was fed before. */
  #before: Uint8Array = noBytes;

  constructor(terms: ScanTerms, kind: string) {
    this.#terms = terms;
    this.#kind = kind;
    this.#chain = new NumberChain({
      isOriginal: (length, value) => terms.originals.numbers[length]?.has(value) === true,
      minLength: minNumberLength,
      maxLength: maxNumberLength,
    });
  }

  feed(bytes: Uint8Array): void {
    const chain = this.#chain;
    let wordFrom = this.#word === '' ? -1 : 0;
    let mixedFrom = this.#mixed === '' ? -1 : 0;
    let hasLetter = this.#mixedHasLetter;
    for (let at = 0; at < bytes.length; ) {
      const byte = bytes[at] as number;
      const what = classes[byte];
      const from = at++;
      if (what === letter) {
        if (wordFrom < 0) wordFrom = from;
        if (mixedFrom < 0) mixedFrom = from;
        hasLetter = true;
        const found = chain.letter();
        if (found !== undefined) this.#judge(found, bytes, from);
        continue;
      }
      if (wordFrom >= 0) wordFrom = this.#endWord(bytes, wordFrom, from);
      if (what === digit) {
        while (at < bytes.length && classes[bytes[at] as number] === digit) at++;
        if (mixedFrom < 0) mixedFrom = from;
        chain.digits(bytes, from, at);
        continue;
      }
      if (mixedFrom >= 0) {
        if (hasLetter) this.#endMixed(bytes, mixedFrom, from);
        this.#mixed = '';
        hasLetter = false;
        mixedFrom = -1;
      }
      if (byte === space) while (at < bytes.length && bytes[at] === space) at++;
      const found = chain.separator(byte, at - from);
      if (found !== undefined) this.#judge(found, bytes, from);
      if (byte === lineFeed) this.#line++;
      if (what !== other || this.#afterMicroLead) this.#unusual(what ?? forbidden);
    }
    this.#word = wordFrom < 0 ? '' : this.#open(this.#word, bytes, wordFrom);
    this.#mixed = mixedFrom < 0 ? '' : this.#open(this.#mixed, bytes, mixedFrom);
    this.#mixedHasLetter = hasLetter;
    this.#remember(bytes);
  }

  /**
   * Whole lines of numbers that were proved to hold nothing that the scan looks for. They must begin on a new line: if
   * they do not, they are looked through like anything else.
   */
  pass(bytes: Uint8Array, lines: number): void {
    if (this.#before.length > 0 && this.#before.at(-1) !== lineFeed) {
      this.feed(bytes);
      return;
    }
    this.#chain.newLine();
    this.#line += lines;
    this.#remember(bytes);
  }

  /** A text that is complete, such as a file name. */
  whole(text: string): void {
    this.feed(Buffer.from(text, 'utf8'));
    this.end();
  }

  /** After the last piece. */
  end(): void {
    this.feed(newline);
    if (this.#afterMicroLead) this.#hit('character');
  }

  /** What the chain found in the digits that end at `end`. */
  #judge(found: Finding, bytes: Uint8Array, end: number): void {
    if (found === 'date') this.#hit('date');
    const from = Math.max(0, end - windowBytes);
    const lead = from === 0 ? this.#before : noBytes;
    const around = Buffer.concat([lead, bytes.subarray(from, end + windowBytes)]);
    const at = lead.length + end - from;
    if (found !== 'number' || !isOfSequence(around.toString('latin1'), at)) this.#hit('original-number');
  }

  #remember(bytes: Uint8Array): void {
    const enough = bytes.length >= windowBytes;
    // A copy: what was fed may lie in memory that is used again.
    this.#before = enough
      ? Buffer.from(bytes.subarray(-windowBytes))
      : Buffer.concat([this.#before.subarray(-windowBytes), bytes]).subarray(-windowBytes);
  }

  #endWord(bytes: Uint8Array, from: number, to: number): -1 {
    if (to - from + this.#word.length > 1) this.#checkWord((this.#word + ascii(bytes, from, to)).toLowerCase());
    this.#word = '';
    return -1;
  }

  #checkWord(word: string): void {
    const { originals, lexicon, codeWords } = this.#terms;
    if (lexicon.has(word) || codeWords.has(word)) return;
    this.#hit(originals.words.has(word) ? 'original-word' : 'unknown-word');
  }

  #endMixed(bytes: Uint8Array, from: number, to: number): void {
    const { mixed } = this.#terms.originals;
    if (mixed.size === 0 || to - from + this.#mixed.length < minMixedLength) return;
    if (mixed.has((this.#mixed + ascii(bytes, from, to)).toLowerCase())) this.#hit('original-mixed-word');
  }

  /** The part of a run that belongs to this piece, behind what is known of it; no run needs to be longer. */
  #open(known: string, bytes: Uint8Array, from: number): string {
    return (known + ascii(bytes, from, Math.min(bytes.length, from + maxWordLength))).slice(0, maxWordLength);
  }

  #unusual(what: number): void {
    const expected = this.#afterMicroLead;
    this.#afterMicroLead = what === microLead;
    if (what === forbidden || (expected && what !== micro)) this.#hit('character');
  }

  #hit(rule: ScanRule): never {
    throw new CartoError('PHI_SUSPECTED', `the output may hold an identifier: rule ${rule}`, {
      kind: this.#kind,
      line: this.#line,
    });
  }
}

const newline = Uint8Array.of(10);
const noBytes = new Uint8Array();

function ascii(bytes: Uint8Array, from: number, to: number): string {
  return Buffer.from(bytes.buffer, bytes.byteOffset + from, to - from).toString('latin1');
}
