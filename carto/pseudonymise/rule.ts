import { parseNumber } from '../grammar/number.ts';
import { numbersIn } from '../read/fields.ts';

/** The form that a kept value must have. What has another form is left out, whatever it says. */
export interface Grammar {
  readonly name: string;
  readonly allows: (text: string) => boolean;
}

/** Names that people typed, and what stands for each in the output: see `Codes`. */
export type CodedName =
  | 'study'
  | 'map'
  | 'shell'
  | 'tag'
  | 'preset'
  | 'coloring'
  | 'connector'
  | 'channel'
  | 'formula'
  | 'formula-id';

/** Counters of one workstation, which would link the exports of one site: see `Counters`. */
export type CounterName = 'map' | 'catheter' | 'session' | 'channel' | 'preset' | 'tag' | 'mesh' | 'voxel';

/**
 * What happens to one field.
 * - `keep`: the value goes on as it is if its grammar allows it. In a bulk table the bytes of a proved cell go on.
 * - `code`: a generated code stands for it, the same for the same name throughout the study.
 * - `map`: a number of this study stands for it, the same for the same counter throughout the study.
 * - `refer`: it names a file of the export, and is renamed as that file is.
 * - `drop`: it is left out; where the format needs something there, what the format writes for *nothing*.
 *
 * A field without a rule is left out.
 */
export type Rule =
  | { readonly do: 'keep'; readonly as: Grammar }
  | { readonly do: 'code'; readonly as: CodedName }
  | { readonly do: 'map'; readonly as: CounterName }
  | { readonly do: 'refer' }
  | { readonly do: 'drop' };

/** Rules by field, by kind of file. Names of fields: see the table. */
export type Rules = Readonly<Record<string, Readonly<Record<string, Rule>>>>;

export const grammars = {
  number: { name: 'number', allows: (text: string) => parseNumber(text.trim()) !== undefined },
  numbers: { name: 'numbers', allows: (text: string) => numbersIn(text) !== undefined },
  boolean: { name: 'boolean', allows: (text: string) => text === 'true' || text === 'false' },
  nothing: { name: 'nothing', allows: (text: string) => text.trim() === '' },
  /** A study clock in ms: less than eleven days. A calendar stamp has more digits. */
  studyClock: { name: 'study clock', allows: (text: string) => /^-?\d{1,9}$/.test(text) },
} as const satisfies Record<string, Grammar>;

/** A grammar that allows exactly some words. */
export function oneOf(words: ReadonlySet<string>): Grammar {
  return { name: 'one of the known words', allows: (text) => words.has(text.trim()) };
}

/**
 * The rule of a field: by its name; by its name with the digits at its end written `#` (numbered columns); or, for the
 * one element whose attributes are named by the hardware, `Element@*`.
 */
export function ruleFor(rules: Readonly<Record<string, Rule>> | undefined, field: string): Rule | undefined {
  if (!rules) return undefined;
  if (Object.hasOwn(rules, field)) return rules[field];
  const numbered = field.replace(/\d{1,2}$/, '#');
  if (Object.hasOwn(rules, numbered)) return rules[numbered];
  const any = field.replace(/@.*$/s, '@*');
  return Object.hasOwn(rules, any) ? rules[any] : undefined;
}
