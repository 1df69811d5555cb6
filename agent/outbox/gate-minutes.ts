import type { Clock } from '../../core/clock.ts';
import type { Gate } from '../../core/gate.ts';

/** How long a gate was open and closed since it was last asked, in milliseconds, and how often it closed. */
export interface GateSpan {
  readonly openMs: number;
  readonly closedMs: number;
  readonly closings: number;
}

/** Listens to a gate; does no work and runs no timer. */
export class GateMinutes {
  readonly #gate: Gate;
  readonly #clock: Clock;
  #sinceMs: number;
  #isOpen: boolean;
  #openMs = 0;
  #closedMs = 0;
  #closings = 0;

  constructor(gate: Gate, clock: Clock) {
    this.#gate = gate;
    this.#clock = clock;
    this.#sinceMs = clock.monotonicMs();
    this.#isOpen = gate.isOpen;
  }

  /** Listens until `signal` aborts. */
  async listen(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      try {
        await this.#gate.pass(signal);
      } catch {
        return;
      }
      this.#turn(true);
      const { promise, resolve } = Promise.withResolvers<void>();
      const over = AbortSignal.any([this.#gate.whileOpen, signal]);
      const onOver = () => {
        if (!this.#gate.isOpen) this.#turn(false);
        resolve();
      };
      if (over.aborted) onOver();
      else over.addEventListener('abort', onOver, { once: true });
      await promise;
    }
  }

  /** The span since it was last asked. */
  take(): GateSpan {
    this.#count();
    const span = { openMs: this.#openMs, closedMs: this.#closedMs, closings: this.#closings };
    this.#openMs = 0;
    this.#closedMs = 0;
    this.#closings = 0;
    return span;
  }

  #turn(isOpen: boolean): void {
    this.#count();
    if (this.#isOpen && !isOpen) this.#closings += 1;
    this.#isOpen = isOpen;
  }

  #count(): void {
    const nowMs = this.#clock.monotonicMs();
    if (this.#isOpen) this.#openMs += nowMs - this.#sinceMs;
    else this.#closedMs += nowMs - this.#sinceMs;
    this.#sinceMs = nowMs;
  }
}
