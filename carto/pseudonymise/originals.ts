import { isChannel, isConnector, vocabularyWords, wordsOf } from './vocabulary.ts';

/** Numbers shorter than this cannot be told from the format's own. */
export const minNumberLength = 6;
/** Longer numbers are recognised by their first digits: as many as a double holds exactly. */
export const maxNumberLength = 15;
/** Words with digits in them (`K4711`) shorter than this cannot be told from channels and counters. */
export const minMixedLength = 4;

/** The export's own stamp, a date with a time: it says nothing of the patient, and the scan finds dates by their form. */
const stamp = /(?<!\d)\d{1,4}([-_/.])\d{1,2}\1\d{1,4}[ T_-]+\d{1,2}([-:.])\d{2}(?:\2\d{2})?(?!\d)/g;
const date = /(?<!\d)(\d{1,4})[-_/.](\d{1,2})[-_/.](\d{1,4})(?!\d)/g;

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

  add(text: string): void {
    for (const word of wordsOf(text)) if (!vocabularyWords.has(word)) this.words.add(word);
    if (!isChannel(text) && !isConnector(text)) this.#addMixed(text);
    const withoutStamp = text.replaceAll(stamp, ' | ');
    for (const [, a = '', b = '', c = ''] of withoutStamp.matchAll(date)) this.#addDate(a, b, c);
    this.#addNumbers(withoutStamp.replaceAll(date, ' | '));
  }

  #addMixed(text: string): void {
    for (const run of text.match(/[A-Za-z0-9]+/g) ?? []) {
      if (run.length >= minMixedLength && /\d/.test(run) && /[A-Za-z]/.test(run) && !isChannel(run)) {
        this.mixed.add(run.toLowerCase());
      }
    }
  }

  /** A date without its separators, in the three usual orders. */
  #addDate(a: string, b: string, c: string): void {
    const parts = [a, b, c].map((part) => part.padStart(2, '0'));
    for (const order of [
      [0, 1, 2],
      [1, 0, 2],
      [2, 1, 0],
      [2, 0, 1],
    ]) {
      const joined = order.map((at) => parts[at]).join('');
      if (joined.length === 8) this.#addNumber(joined);
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
    const length = Math.min(digits.length, maxNumberLength);
    this.numbers[length]?.add(Number(digits.slice(0, length)));
  }
}
