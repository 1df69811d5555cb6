import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import { Bell } from '../bell.ts';
import type { Catalogue, WaitingEvent } from '../catalogue/catalogue.ts';
import type { IntakeOutcome } from './intake.ts';

export interface LanesDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly lanes: number;
  readonly take: (event: WaitingEvent, signal: AbortSignal) => Promise<IntakeOutcome>;
  /** The device has an answer to hear. */
  readonly onSettled: (deviceId: string) => void;
}

/** How long a failing catalogue is left alone, and the longest sleep: clocks jump. */
const pauseMs = 2_000;
const longestMs = 60_000;

/**
 * Works through the inbox: one event of a device at a time, several devices side by side. An event that is postponed
 * keeps neither its device's other events nor other devices waiting.
 */
export class Lanes {
  readonly #deps: LanesDeps;
  readonly #bell = new Bell();
  readonly #busy = new Map<string, Promise<void>>();

  constructor(deps: LanesDeps) {
    this.#deps = deps;
  }

  /** There is something new in the inbox. */
  wake(): void {
    this.#bell.ring();
  }

  /** Runs until `signal` aborts and what was under way has ended. */
  async run(signal: AbortSignal): Promise<void> {
    const { clock, log } = this.#deps;
    while (!signal.aborted) {
      try {
        const waitMs = await this.#fill(signal);
        await this.#bell.wait(waitMs, clock, signal);
      } catch (error) {
        log.error({ error: describe(error) }, 'the inbox could not be read');
        await clock.sleep(pauseMs, signal).catch(() => undefined);
      }
    }
    await Promise.all(this.#busy.values());
  }

  /** Starts what is due while lanes are free. Returns how long there will be nothing to do. */
  async #fill(signal: AbortSignal): Promise<number> {
    const { catalogue, clock, lanes } = this.#deps;
    while (this.#busy.size < lanes && !signal.aborted) {
      const event = await catalogue.nextDue(clock.now(), [...this.#busy.keys()]);
      if (!event) {
        const next = await catalogue.nextDueAt([...this.#busy.keys()]);
        const waitMs = next ? next.getTime() - clock.now().getTime() : longestMs;
        return Math.min(longestMs, Math.max(1, waitMs));
      }
      this.#busy.set(event.deviceId, this.#work(event, signal));
    }
    return longestMs;
  }

  /** Never rejects. The lane is free again when this ends, and the loop is told. */
  async #work(event: WaitingEvent, signal: AbortSignal): Promise<void> {
    const { clock, log, onSettled, take } = this.#deps;
    try {
      if ((await take(event, signal)) === 'settled') onSettled(event.deviceId);
    } catch (error) {
      if (!signal.aborted) {
        log.error({ deviceId: event.deviceId, error: describe(error) }, 'the outcome of an event could not be kept');
        await clock.sleep(pauseMs, signal).catch(() => undefined);
      }
    } finally {
      this.#busy.delete(event.deviceId);
      this.#bell.ring();
    }
  }
}
