import { CartoError } from '../error.ts';
import { parseNumber } from '../grammar/number.ts';
import type { Vector3 } from '../study.ts';

/** The attributes of one XML element, read as what they should be. A required one that is not ends with UNREADABLE. */
export class Fields {
  readonly all: Readonly<Record<string, string>>;
  readonly kind: string;
  readonly line: number;

  constructor(all: Readonly<Record<string, string>>, kind: string, line: number) {
    this.all = all;
    this.kind = kind;
    this.line = line;
  }

  text(name: string): string | undefined {
    return this.all[name];
  }

  /** The same for what is kept: a copy, because a piece of a text holds the whole text in memory. */
  kept(name: string): string | undefined {
    const text = this.all[name];
    return text === undefined ? undefined : copyOf(text);
  }

  requiredText(name: string): string {
    const text = this.all[name];
    if (text === undefined) throw this.#broken(`the attribute ${name} is missing`);
    return text;
  }

  /** A number that must be there. */
  number(name: string): number {
    const value = parseNumber(this.requiredText(name).trim());
    if (value === undefined) throw this.#broken(`the attribute ${name} is not a number`);
    return value;
  }

  /** A measured value: undefined when it is absent or marked as missing. */
  measured(name: string): number | undefined {
    return this.all[name] === undefined || this.all[name].trim() === '' ? undefined : present(this.number(name));
  }

  vector(name: string): Vector3 {
    const vector = vectorIn(this.requiredText(name));
    if (!vector) throw this.#broken(`the attribute ${name} is not three numbers`);
    return vector;
  }

  #broken(what: string): CartoError {
    return new CartoError('UNREADABLE', what, { kind: this.kind, line: this.line });
  }
}

/** The smallest absolute value that stands for *missing* where colours and measurements are concerned. */
const missingFrom = 10_000;

/** Undefined for NaN and for -10000 and its cousins. */
export function present(value: number | undefined): number | undefined {
  return value === undefined || !(Math.abs(value) < missingFrom) ? undefined : value;
}

export function copyOf(text: string): string {
  return Buffer.from(text, 'utf8').toString('utf8');
}

/** Numbers separated by white space; undefined when there is anything else. */
export function numbersIn(text: string): number[] | undefined {
  const numbers: number[] = [];
  for (const cell of text.split(/\s+/)) {
    if (cell === '') continue;
    const value = parseNumber(cell);
    if (value === undefined) return undefined;
    numbers.push(value);
  }
  return numbers;
}

/** Three numbers; undefined when there is anything else. */
export function vectorIn(text: string): Vector3 | undefined {
  const [x, y, z, ...more] = numbersIn(text) ?? [];
  return x === undefined || y === undefined || z === undefined || more.length > 0 ? undefined : [x, y, z];
}

/** A key and its value, without the blanks around them. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** What stands before the first sign, and all behind it; undefined where no key does. */
export function pairAround(sign: '=' | ':', text: string): Pair | undefined {
  const at = text.indexOf(sign);
  const key = text.slice(0, Math.max(0, at)).trim();
  return key === '' ? undefined : { key, value: text.slice(at + 1).trim() };
}

type Defined<T> = { [K in keyof T as undefined extends T[K] ? never : K]: T[K] } & {
  [K in keyof T as undefined extends T[K] ? K : never]?: Exclude<T[K], undefined>;
};

/** Leaves undefined values out: an absent property instead of one that holds undefined. */
export function defined<T extends object>(object: T): Defined<T> {
  return Object.fromEntries(Object.entries(object).filter(([, value]) => value !== undefined)) as Defined<T>;
}
