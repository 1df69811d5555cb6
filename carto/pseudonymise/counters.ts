import { beyondAnyStudy, CartoError } from '../error.ts';
import type { Linkage } from './linkage.ts';
import type { CounterName } from './rule.ts';
import type { Scheme } from './scheme.ts';

/** Numbers up to this one are no workstation counters but the product's own small enumerations, and stay. */
const keptUpTo: Readonly<Record<CounterName, number>> = {
  map: 0,
  catheter: 0,
  session: 0,
  channel: 999,
  preset: 999,
  tag: 9999,
  mesh: 999,
  voxel: 0,
  template: 999,
};

/** A study has thousands of each; a made-up table with a new one in every row would fill the memory. */
const maxValues = 2_000_000;

/** Below this nothing is a sentinel any more. */
const lowestSentinel = -10_000;

interface Deps {
  readonly scheme: Pick<Scheme, 'keptCounter' | 'order'>;
  /** Numbers of an earlier export of the same study. */
  readonly known?: Linkage['counters'] | undefined;
}

/**
 * Workstation-wide counters become numbers of this study: 1, 2, 3, … in the scheme's order of what was announced, then
 * in order of appearance. Zero and the small negative sentinels stay.
 */
export class Counters {
  readonly #scheme: Deps['scheme'];
  readonly #numbers = new Map<CounterName, Map<number, number>>();
  /** By what the linkage keeps of a counter. */
  readonly #kept = new Map<CounterName, Map<number | string, number>>();
  readonly #proved = new Map<CounterName, Set<number>>();
  #size = 0;

  constructor({ scheme, known = {} }: Deps) {
    this.#scheme = scheme;
    for (const [name, numbers] of Object.entries(known)) this.#keep(name as CounterName, new Map(numbers));
  }

  /** Announces counters before any is written, so that their order is the scheme's and no number gets longer. */
  announce(name: CounterName, values: Iterable<number>): void {
    for (const value of this.#scheme.order([...new Set(values)])) this.of(name, value);
  }

  /** How many counters are known. */
  get size(): number {
    return this.#size;
  }

  /** Values of which it was said that they are no counters. */
  proved(): readonly (readonly [CounterName, ReadonlySet<number>])[] {
    return [...this.#proved];
  }

  /** Says of a value that it is no counter: it was proved to follow from numbers that stay. */
  prove(name: CounterName, value: number): void {
    const proved = this.#proved.get(name) ?? new Set<number>();
    this.#proved.set(name, proved.add(value));
    expectFew(name, proved.size);
  }

  of(name: CounterName, value: number): number {
    if (value <= keptUpTo[name]) return Math.max(value, lowestSentinel);
    if (this.#proved.get(name)?.has(value)) return value;
    const numbers = this.#numbers.get(name) ?? new Map<number, number>();
    this.#numbers.set(name, numbers);
    const number = numbers.get(value) ?? this.#numberOf(name, value);
    numbers.set(value, number);
    return number;
  }

  /** What the linkage keeps: every counter that was met, in this export or an earlier one. */
  list(): Linkage['counters'] {
    return Object.fromEntries(Array.from(this.#kept, ([name, numbers]) => [name, [...numbers]]));
  }

  #keep(name: CounterName, numbers: Map<number | string, number>): void {
    this.#kept.set(name, numbers);
    this.#size += numbers.size;
  }

  #numberOf(name: CounterName, value: number): number {
    const kept = this.#kept.get(name) ?? new Map<number | string, number>();
    this.#kept.set(name, kept);
    const key = this.#scheme.keptCounter(name, value);
    const known = kept.get(key);
    if (known !== undefined) return known;
    const number = keptUpTo[name] + kept.size + 1;
    kept.set(key, number);
    this.#size++;
    expectFew(name, kept.size);
    return number;
  }
}

function expectFew(name: CounterName, values: number): void {
  if (values <= maxValues) return;
  throw new CartoError('TOO_LARGE', `the counter “${name}” has more than ${maxValues} values`, {
    hint: beyondAnyStudy,
  });
}
