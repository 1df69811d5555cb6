import { type Bounds, isWithin } from '../grammar/bounds.ts';
import { parseNumber } from '../grammar/number.ts';
import { numbersIn } from '../read/fields.ts';

/** The form that a kept value must have. What has another form is left out, whatever it says. */
export interface Grammar {
  readonly name: string;
  readonly allows: (text: string) => boolean;
  /** Where the value is a number, or a row of them: how large each may be. Bulk cells are proved by this alone. */
  readonly bounds?: Bounds;
  /** Where it is one of a few words: these. */
  readonly words?: readonly string[];
}

/** Names that people typed, and what stands for each in the output: see `Codes`. */
export const codedNames = [
  'study',
  'map',
  'shell',
  'tag',
  'preset',
  'coloring',
  'connector',
  'channel',
  'formula',
  'formula-id',
  'template',
  'table',
  'column',
] as const;
export type CodedName = (typeof codedNames)[number];

/** Counters of one workstation, which would link the exports of one site: see `Counters`. */
export const counterNames = [
  'map',
  'catheter',
  'session',
  'channel',
  'preset',
  'tag',
  'mesh',
  'voxel',
  'template',
] as const;
export type CounterName = (typeof counterNames)[number];

/**
 * What happens to one field.
 * - `keep`: the value goes on as it is if its grammar allows it. In a bulk table the bytes of a proved cell go on.
 * - `code`: a generated code stands for it, the same for the same name throughout the study.
 * - `map`: a number of this study stands for it, the same for the same counter throughout the study; `list`: the field
 *   holds any number of counters, not one.
 * - `refer`: it names a file of the export, and is renamed as that file is.
 * - `shift`: a day of the calendar, moved by the study's constant; under `safe-harbor` its year alone.
 * - `drop`: it is left out; where the format needs something there, what the format writes for *nothing*. What staff
 *   `typed` there is looked for in the output; the workstation's own dates and icon names are not.
 *
 * A field without a rule is left out.
 */
export type Rule =
  | { readonly do: 'keep'; readonly as: Grammar }
  | { readonly do: 'code'; readonly as: CodedName }
  | { readonly do: 'map'; readonly as: CounterName; readonly list?: true }
  | { readonly do: 'refer' }
  | { readonly do: 'shift' }
  | { readonly do: 'drop'; readonly typed: boolean };

/** Rules by field, by kind of file. Names of fields: see the table. */
export type Rules = Readonly<Record<string, Readonly<Record<string, Rule>>>>;

/** Grammars of numbers. A value out of its bounds is left out, whatever it says. */
export const grammars = {
  /** What is measured or computed: mm, mV, ms of a window, ohm, g, W, degrees, and the -10000 or 99999 for *none*. */
  measure: one('measure', { below: 100_000 }),
  measures: many('measures', { below: 100_000 }),
  /** A measure that may also be *unset*, which the format writes as its largest integer. */
  threshold: one('threshold', { below: 100_000, or: 2_147_483_647 }),
  coefficient: one('coefficient', { below: 1_000_000 }),
  /** Ids of small enumerations, ordinals, and counts of what a person placed by hand. */
  ordinal: one('ordinal', { below: 100_000, whole: true }),
  ordinals: many('ordinals', { below: 100_000, whole: true }),
  /** Of a vertex or triangle; -1000000 is a deleted one. */
  group: one('group', { below: 100_000, whole: true, or: -1_000_000 }),
  pointId: one('point id', { below: 1_000_000, whole: true }),
  /** Samples of a signal, in counts of the converter. */
  samples: many('samples', { below: 1_000_000 }),
  /** Milliseconds of one application of energy. */
  span: one('span', { below: 3_600_000, whole: true }),
  /** A study clock in ms: less than twelve days. Seconds, ms and ticks of the calendar have more digits. */
  studyClock: one('study clock', { below: 1_000_000_000, whole: true }),
  /** A count that the grammar of its file proves: so many rows follow. */
  provedCount: one('proved count', { below: 1_000_000_000, whole: true }),
  boolean: { name: 'boolean', allows: (text: string) => text === 'true' || text === 'false' },
  nothing: { name: 'nothing', allows: (text: string) => text.trim() === '' },
} as const satisfies Record<string, Grammar>;

function one(name: string, bounds: Bounds): Grammar {
  const allows = (text: string) => {
    const value = parseNumber(text.trim());
    return value !== undefined && isWithin(value, bounds);
  };
  return { name, allows, bounds };
}

function many(name: string, bounds: Bounds): Grammar {
  const allows = (text: string) => numbersIn(text)?.every((value) => isWithin(value, bounds)) === true;
  return { name, allows, bounds };
}

/** A grammar that allows exactly some words. */
export function oneOf(words: ReadonlySet<string>): Grammar {
  return { name: 'one of the known words', allows: (text) => words.has(text.trim()), words: [...words] };
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
