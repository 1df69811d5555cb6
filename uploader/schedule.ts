import type { Clock } from '../core/clock.ts';
import type { Delay } from '../core/retry.ts';

interface Entry {
  readonly attempts: number;
  readonly dueMs: number;
}

/** When something may be tried again. What is not in it is due at once; nothing here runs a timer. */
export class Schedule {
  readonly #clock: Clock;
  readonly #entries = new Map<string, Entry>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  /** On the monotonic clock; 0 for what never was postponed. */
  dueMs(key: string): number {
    return this.#entries.get(key)?.dueMs ?? 0;
  }

  /** How often it was postponed. */
  attempts(key: string): number {
    return this.#entries.get(key)?.attempts ?? 0;
  }

  /** Postpones by the delay for one more attempt, or by `leastMs` if that is longer. Returns the number of attempts. */
  postpone(key: string, delay: Delay, leastMs = 0): number {
    const attempts = (this.#entries.get(key)?.attempts ?? 0) + 1;
    this.#entries.set(key, { attempts, dueMs: this.#clock.monotonicMs() + Math.max(delay(attempts), leastMs) });
    return attempts;
  }

  /** Makes something due now; how often it was tried is remembered. */
  hasten(key: string): void {
    const attempts = this.#entries.get(key)?.attempts ?? 0;
    this.#entries.set(key, { attempts, dueMs: 0 });
  }

  /** Forgets that something was tried at all. */
  forget(key: string): void {
    this.#entries.delete(key);
  }

  /** Everything is due, and as if never tried. */
  forgetAll(): void {
    this.#entries.clear();
  }
}
