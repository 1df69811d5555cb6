import { randomInt } from 'node:crypto';
import type { Originals } from './originals.ts';
import type { CodedName } from './rule.ts';
import { coloringNames, formulaNames, isChannel, isConnector, wordsOf } from './vocabulary.ts';

/** Letters that make no words, and no digits: a code can be no number, and no number looks like a code. */
const letters = 'bcdfghjkmnpqrstvwxz';
const codeLength = 8;

export function randomCode(): string {
  return Array.from({ length: codeLength }, () => letters[randomInt(letters.length)]).join('');
}

const nilFormula = '00000000-0000-0000-0000-000000000000';

/** Names that stand for themselves: they belong to the format, or are empty. */
const plain: Readonly<Record<CodedName, (name: string) => boolean>> = {
  study: () => false,
  map: () => false,
  shell: () => false,
  tag: () => false, // one name alone tells nothing: see isDefaultTag
  preset: (name) => name === '' || name === 'NA',
  coloring: (name) => coloringNames.has(name),
  connector: isConnector,
  channel: isChannel,
  formula: (name) => name === '' || formulaNames.has(name),
  'formula-id': (name) => name === nilFormula,
};

/** Generated codes: one per name and study. What is coded is remembered as original, so that the scan looks for it. */
export class Codes {
  readonly #random: () => string;
  readonly #originals: Originals;
  readonly #codes = new Map<string, string>();
  readonly #counts = new Map<CodedName, number>();
  /** Words of the codes, lower case: they belong to the output's vocabulary. */
  readonly words = new Set<string>();

  constructor(deps: { readonly randomCode: () => string; readonly originals: Originals }) {
    this.#random = deps.randomCode;
    this.#originals = deps.originals;
  }

  of(kind: CodedName, name: string): string {
    if (plain[kind](name)) return name;
    // Nobody types a formula's id, and its digits would be taken for numbers.
    if (kind !== 'formula-id') this.#originals.add(name);
    const key = `${kind}\n${name.normalize('NFC').trim()}`;
    const known = this.#codes.get(key);
    if (known !== undefined) return known;
    const code = this.#fresh(kind);
    this.#codes.set(key, code);
    for (const word of wordsOf(code)) this.words.add(word);
    return code;
  }

  #fresh(kind: CodedName): string {
    const ordinal = (this.#counts.get(kind) ?? 0) + 1;
    this.#counts.set(kind, ordinal);
    switch (kind) {
      case 'study':
        return `Study-${this.#unused()}`;
      case 'map':
        return `Map-${this.#unused()}`;
      case 'shell':
        return `Shell-${ordinal}.mesh`;
      case 'tag':
        return `Tag-${ordinal}`;
      case 'preset':
        return `Preset-${ordinal}`;
      case 'coloring':
        return `Coloring-${ordinal}`;
      case 'connector':
        return `DEVICE_${ordinal}_CONNECTOR`;
      case 'channel':
        return `Channel-${ordinal}`;
      case 'formula':
        return `Formula-${ordinal}`;
      case 'formula-id':
        return `${nilFormula.slice(0, -12)}${String(ordinal).padStart(12, '0')}`;
    }
  }

  /** Two maps must not share a code, and a code must not contain a word of an original. */
  #unused(): string {
    for (let tries = 0; tries < 100; tries++) {
      const code = this.#random();
      const words = wordsOf(code);
      if (words.every((word) => !this.words.has(word) && !this.#originals.words.has(word))) return code;
    }
    throw new RangeError('the source of codes repeats itself');
  }
}
