import type { Clock } from '../core/clock.ts';

/** Wakes a loop that has nothing to do. A ring while nobody waits is kept for the next one who does. */
export class Bell {
  #rung = Promise.withResolvers<void>();

  ring(): void {
    this.#rung.resolve();
  }

  /** Waits for a ring, for at most `ms`, or until `signal` aborts; says nothing about which. */
  async wait(ms: number, clock: Clock, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const patience = clock.sleep(ms, AbortSignal.any([signal, over.signal])).catch(() => undefined);
    await Promise.race([this.#rung.promise, patience]);
    over.abort();
    this.#rung = Promise.withResolvers<void>();
  }
}
