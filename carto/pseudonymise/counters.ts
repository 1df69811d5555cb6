import { beyondAnyStudy, CartoError } from '../error.ts';
import type { CounterName } from './rule.ts';

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
};

/** A study has thousands of each; a made-up table with a new one in every row would fill the memory. */
const maxValues = 2_000_000;

/** Below this nothing is a sentinel any more. */
const lowestSentinel = -10_000;

/**
 * Workstation-wide counters become numbers of this study: 1, 2, 3, … in rising order of what was announced, then in
 * order of appearance. Zero and the small negative sentinels stay.
 */
export class Counters {
  readonly #numbers = new Map<CounterName, Map<number, number>>();
  readonly #proved = new Map<CounterName, Set<number>>();

  /** Announces counters before any is written, so that their order is kept and no number gets longer. */
  announce(name: CounterName, values: Iterable<number>): void {
    for (const value of [...new Set(values)].sort((a, b) => a - b)) this.of(name, value);
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
    const number = numbers.get(value) ?? keptUpTo[name] + numbers.size + 1;
    numbers.set(value, number);
    expectFew(name, numbers.size);
    return number;
  }
}

function expectFew(name: CounterName, values: number): void {
  if (values <= maxValues) return;
  throw new CartoError('TOO_LARGE', `the counter “${name}” has more than ${maxValues} values`, {
    hint: beyondAnyStudy,
  });
}
