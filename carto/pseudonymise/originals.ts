import { beyondAnyStudy, CartoError } from '../error.ts';
import { takeDates } from './dates.ts';
import { isChannel, isConnector, isTemplateName, vocabularyWords, wordsOf } from './vocabulary.ts';

/** Numbers shorter than this cannot be told from the format's own. */
export const minNumberLength = 6;
/** Longer numbers are recognised by their first digits: as many as a double holds exactly. */
export const maxNumberLength = 15;
/** Words with digits in them (`K4711`) shorter than this cannot be told from channels and counters. */
export const minMixedLength = 4;

/** The export's own stamp, a date with a time: it says nothing of the patient, and the scan finds dates by their form. */
const stamp = /(?<!\d)\d{1,4}([-_/.])\d{1,2}\1\d{1,4}[ T_-]+\d{1,2}([-:.])\d{2}(?:\2\d{2})?(?!\d)/g;
/** Nobody types more words into one study; without a cap a made-up file would fill the memory. */
const maxWords = 250_000;

export interface OriginalsCopy {
  readonly words: ReadonlySet<string>;
  readonly mixed: ReadonlySet<string>;
  readonly numberKeys: readonly bigint[];
  readonly expected: ReadonlySet<string>;
}

/**
 * What staff typed, as the scan looks for it in the output: words (runs of letters), mixed words, and numbers. Words
 * of the format are not in it. Numbers are kept with the separators between their digits removed, each run of them
 * that has six to fifteen digits, so that a phone number is found however it is divided.
 */
export class Originals {
  readonly words = new Set<string>();
  readonly mixed = new Set<string>();
  /** Numbers by how many digits they have. */
  readonly numbers: Set<number>[] = Array.from({ length: maxNumberLength + 1 }, () => new Set<number>());
  /** The same numbers as value × 16 + length, in the order in which they came: how the proof of tables knows them. */
  readonly numberKeys: bigint[] = [];
  readonly #expected: ReadonlySet<string>;

  /** `expected`: mixed words, lower case, that the export's own file names hold whatever staff typed (`p123`). */
  constructor(expected: ReadonlySet<string> = new Set()) {
    this.#expected = expected;
  }

  /** From what `copy` gave. */
  static from({ words, mixed, numberKeys, expected }: OriginalsCopy): Originals {
    const originals = new Originals(expected);
    for (const word of words) originals.words.add(word);
    for (const word of mixed) originals.mixed.add(word);
    for (const key of numberKeys) {
      originals.numbers[Number(key % 16n)]?.add(Number(key / 16n));
      originals.numberKeys.push(key);
    }
    return originals;
  }

  /** Plain values, for another thread; a snapshot only once it was cloned. */
  copy(): OriginalsCopy {
    return { words: this.words, mixed: this.mixed, numberKeys: this.numberKeys, expected: this.#expected };
  }

  /** How much is known: it only grows. */
  get size(): number {
    return this.words.size + this.mixed.size + this.numberKeys.length;
  }

  add(text: string): void {
    for (const word of wordsOf(text)) if (!vocabularyWords.has(word)) this.words.add(word);
    if (!isChannel(text) && !isConnector(text)) this.#addMixed(text);
    const { digits, rest } = takeDates(text.replaceAll(stamp, ' | '));
    for (const date of digits) this.#addNumber(date);
    this.#addNumbers(rest);
    if (this.words.size > maxWords || this.mixed.size > maxWords) {
      throw new CartoError('TOO_LARGE', `the export holds more than ${maxWords} words of free text`, {
        hint: beyondAnyStudy,
      });
    }
  }

  #addMixed(text: string): void {
    for (const run of text.match(/[A-Za-z0-9]+/g) ?? []) {
      if (
        run.length < minMixedLength ||
        !/\d/.test(run) ||
        !/[A-Za-z]/.test(run) ||
        isChannel(run) ||
        isTemplateName(run)
      )
        continue;
      const word = run.toLowerCase();
      if (!this.#expected.has(word)) this.mixed.add(word);
    }
  }

  #addNumbers(text: string): void {
    for (const group of text.match(/\d+(?:[ ._/()+-]{1,2}\d+)*/g) ?? []) {
      const runs = group.match(/\d+/g) ?? [];
      for (let from = 0; from < runs.length; from++) {
        let joined = '';
        for (let to = from; to < runs.length && joined.length <= maxNumberLength; to++) {
          joined += runs[to];
          this.#addNumber(joined);
        }
      }
    }
  }

  #addNumber(digits: string): void {
    if (digits.length < minNumberLength) return;
    const value = Number(digits.slice(0, maxNumberLength));
    // Zeros in front say nothing: the same number may stand in a column with more of them, or with fewer.
    const shortest = Math.max(minNumberLength, String(value).length);
    for (let length = shortest; length <= maxNumberLength; length++) {
      const known = this.numbers[length];
      if (!known || known.has(value)) continue;
      known.add(value);
      this.numberKeys.push(BigInt(value) * 16n + BigInt(length));
    }
  }
}
