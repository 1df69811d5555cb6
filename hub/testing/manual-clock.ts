import type { Clock } from '../../core/clock.ts';
import { systemClock } from '../../core/clock.ts';

/** A clock that a test moves by hand. `sleep` ends when the clock has been moved far enough, or its signal aborts. */
export class ManualClock implements Clock {
  readonly bootId = systemClock.bootId;
  #ms = Date.parse('2030-01-01T00:00:00Z');
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  now(): Date {
    return new Date(this.#ms);
  }

  monotonicMs(): number {
    return this.#ms;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { untilMs: this.#ms + ms, wake: resolve };
    this.#sleepers.add(sleeper);
    signal?.addEventListener('abort', () => reject(signal.reason), { once: true });
    try {
      await promise;
    } finally {
      this.#sleepers.delete(sleeper);
    }
  }

  advance(ms: number): void {
    this.#ms += ms;
    for (const { untilMs, wake } of this.#sleepers) if (untilMs <= this.#ms) wake();
  }
}
