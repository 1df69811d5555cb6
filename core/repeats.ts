/** For so long after it was said, what is equal to it is only counted. */
const quietMs = 3_600_000;

/** So many different things are remembered; beyond, the one that was said longest ago is forgotten. */
const mostKeys = 200;

interface Said<T> {
  readonly what: T;
  readonly atMs: number;
  more: number;
}

/** What was said, and how often it came again and was not. */
export interface Counted<T> {
  readonly what: T;
  readonly more: number;
}

/**
 * Says the same thing once in an hour and counts the rest, so that neither an outage of weeks nor a part that fails every
 * second fills a log, and nothing is hidden.
 */
export class Repeats<T> {
  readonly #said = new Map<string, Said<T>>();

  /** True when it is to be said, false when it was counted. `dueBy` comes first. */
  isNew(key: string, what: T, nowMs: number): boolean {
    const before = this.#said.get(key);
    if (before) {
      before.more += 1;
      return false;
    }
    this.#said.set(key, { what, atMs: nowMs, more: 0 });
    const [oldest] = this.#said.keys();
    if (this.#said.size > mostKeys && oldest !== undefined) this.#said.delete(oldest);
    return true;
  }

  /** Whatever was counted and whose hour is over. It counts as not said from then on. */
  dueBy(nowMs: number): readonly Counted<T>[] {
    const due: Counted<T>[] = [];
    for (const [key, { what, atMs, more }] of this.#said) {
      // In the order in which they were said: the rest is younger.
      if (nowMs - atMs < quietMs) break;
      this.#said.delete(key);
      if (more > 0) due.push({ what, more });
    }
    return due;
  }
}

/** The same for things that differ in numbers alone: how often something was tried, how long it took. */
export function keyOf(parts: readonly unknown[]): string {
  return JSON.stringify(parts, (_name, value: unknown) => (typeof value === 'number' ? 0 : value));
}
