import type { Clock } from '../../core/clock.ts';

/** A clock that a test moves by hand: its wall may jump, its machine may boot again. */
export class FakeClock implements Clock {
  bootId = 'boot-1';
  #monotonicMs = 1_000_000;
  #wallMs = Date.parse('2030-01-01T00:00:00Z');
  readonly #sleepers = new Set<{ readonly untilMs: number; readonly wake: () => void }>();

  now(): Date {
    return new Date(this.#wallMs);
  }

  monotonicMs(): number {
    return this.#monotonicMs;
  }

  /** How many sleep now. */
  get sleepers(): number {
    return this.#sleepers.size;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    signal?.throwIfAborted();
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    const sleeper = { untilMs: this.#monotonicMs + ms, wake: resolve };
    this.#sleepers.add(sleeper);
    const onAbort = () => reject(signal?.reason);
    signal?.addEventListener('abort', onAbort, { once: true });
    try {
      await promise;
    } finally {
      this.#sleepers.delete(sleeper);
      signal?.removeEventListener('abort', onAbort);
    }
  }

  /** Time passes, sleeper by sleeper, and what each does at once is done. No event from outside is heard meanwhile. */
  async advance(ms: number): Promise<void> {
    const endMs = this.#monotonicMs + ms;
    for (;;) {
      const next = Math.min(endMs, ...[...this.#sleepers].map(({ untilMs }) => untilMs));
      this.#pass(next);
      for (const { untilMs, wake } of [...this.#sleepers]) if (untilMs <= next) wake();
      for (let turn = 0; turn < 10; turn++) await null;
      if (next === endMs) return;
    }
  }

  /** Time passes while this process is stopped: whoever sleeps wakes afterwards, late. */
  async stall(ms: number): Promise<void> {
    this.#pass(this.#monotonicMs + ms);
    await this.advance(0);
  }

  jumpWall(ms: number): void {
    this.#wallMs += ms;
  }

  reboot(): void {
    this.bootId = `${this.bootId}-again`;
    this.#monotonicMs = 5_000;
  }

  #pass(untilMs: number): void {
    this.#wallMs += Math.max(0, untilMs - this.#monotonicMs);
    this.#monotonicMs = Math.max(this.#monotonicMs, untilMs);
  }
}
