import type { Clock } from '../core/clock.ts';
import { describe, type Log } from '../core/log.ts';
import { type Reported, reportedSchema } from '../protocol/twin.ts';
import { guardSize, type JsonObject, mergePatch, steady } from './reported.ts';

export interface ReporterDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly snapshot: () => Promise<Reported>;
  readonly reportEveryMs: number;
}

/**
 * Keeps the hub's reported section equal to the appliance's snapshot, with as few writes as possible: only when poked,
 * only the difference to what the hub last accepted, at most one write per `reportEveryMs`.
 */
export class Reporter {
  readonly #deps: ReporterDeps;
  #poked = Promise.withResolvers<void>();
  #lastWriteMs = Number.NEGATIVE_INFINITY;

  constructor(deps: ReporterDeps) {
    this.#deps = deps;
  }

  /** Something may have changed. Costs nothing when nothing has. */
  poke(): void {
    this.#poked.resolve();
  }

  /**
   * Reports over one connection until `signal` aborts. `held` is the section that the hub returned: what was accepted
   * before, by whichever process. A write that fails is not remembered, so the next poke repeats it.
   */
  async run(held: JsonObject, write: (patch: JsonObject) => Promise<void>, signal: AbortSignal): Promise<void> {
    this.poke();
    for (let accepted = held; !signal.aborted; ) {
      await untilAborted(this.#poked.promise, signal);
      await this.#waitTurn(signal);
      if (signal.aborted) return;
      this.#poked = Promise.withResolvers<void>();
      accepted = await this.#report(accepted, write);
    }
  }

  async #report(accepted: JsonObject, write: (patch: JsonObject) => Promise<void>): Promise<JsonObject> {
    const { clock, log, snapshot } = this.#deps;
    try {
      const wanted: JsonObject = steady(accepted, reportedSchema.parse(await snapshot()));
      const patch = mergePatch(accepted, wanted);
      if (!patch) return accepted;
      guardSize(wanted);
      this.#lastWriteMs = clock.monotonicMs();
      await write(patch);
      return wanted;
    } catch (error) {
      log.warn({ error: describe(error) }, 'reported properties were not written');
      return accepted;
    }
  }

  async #waitTurn(signal: AbortSignal): Promise<void> {
    const { clock, reportEveryMs } = this.#deps;
    const waitMs = this.#lastWriteMs + reportEveryMs - clock.monotonicMs();
    if (waitMs > 0) await clock.sleep(waitMs, signal).catch(() => undefined);
  }
}

/** Resolves when the promise does or when the signal aborts. Leaves no listener behind. */
async function untilAborted(promise: Promise<void>, signal: AbortSignal): Promise<void> {
  const { promise: aborted, resolve } = Promise.withResolvers<void>();
  if (signal.aborted) return;
  signal.addEventListener('abort', () => resolve(), { once: true });
  await Promise.race([promise, aborted]);
  signal.removeEventListener('abort', () => resolve());
}
