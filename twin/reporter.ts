import type { Clock } from '../core/clock.ts';
import { describe, type Log } from '../core/log.ts';
import { backoff, withDeadline } from '../core/retry.ts';
import { type Reported, reportedSchema } from '../protocol/twin.ts';
import { abortable } from './abort.ts';
import { guardSize, type JsonObject, mergePatch, steady } from './reported.ts';

export interface ReporterDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly snapshot: () => Promise<Reported>;
  readonly reportEveryMs: number;
}

const snapshotMs = 10_000;
const retryCeilingMs = 300_000;

/**
 * Keeps the hub's reported section equal to the appliance's snapshot, with as few writes as possible: only when poked,
 * only the difference to what the hub last accepted, at most one write per `reportEveryMs`.
 */
export class Reporter {
  readonly #deps: ReporterDeps;
  #poked = Promise.withResolvers<void>();
  #lastWriteMs = Number.NEGATIVE_INFINITY;
  #failures = 0;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /** Something may have changed. Costs nothing when nothing has. */
  poke(): void {
    this.#poked.resolve();
  }

  /**
   * Reports over one connection until `signal` aborts. `held` is the section that the hub returned: what was accepted
   * before, by whichever process. A write that fails is not remembered as accepted, and is repeated with a back-off.
   */
  async run(held: JsonObject, write: (patch: JsonObject) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.#failures = 0;
    this.poke();
    for (let accepted = held; !signal.aborted; ) {
      await abortable(this.#poked.promise, signal).catch(() => undefined);
      await this.#waitTurn(signal);
      if (signal.aborted) return;
      this.#poked = Promise.withResolvers<void>();
      accepted = await this.#report(accepted, write);
    }
  }

  async #report(accepted: JsonObject, write: (patch: JsonObject) => Promise<void>): Promise<JsonObject> {
    const { clock, log, snapshot } = this.#deps;
    try {
      const snapped = await withDeadline(snapshot(), snapshotMs, 'taking the snapshot');
      const wanted: JsonObject = steady(accepted, reportedSchema.parse(snapped));
      const patch = mergePatch(accepted, wanted);
      if (!patch) return accepted;
      guardSize(wanted);
      this.#lastWriteMs = clock.monotonicMs();
      await write(patch);
      this.#failures = 0;
      return wanted;
    } catch (error) {
      this.#failures++;
      this.#lastWriteMs = clock.monotonicMs();
      log.warn({ error: describe(error) }, 'reported properties were not written');
      this.poke();
      return accepted;
    }
  }

  async #waitTurn(signal: AbortSignal): Promise<void> {
    const { clock, reportEveryMs } = this.#deps;
    const pauseMs = this.#failures === 0 ? reportEveryMs : retryDelay(reportEveryMs, this.#failures);
    const waitMs = this.#lastWriteMs + pauseMs - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}

function retryDelay(baseMs: number, failures: number): number {
  return baseMs + backoff(baseMs, retryCeilingMs)(failures);
}
