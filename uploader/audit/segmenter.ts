import type { Clock } from '../../core/clock.ts';
import type { Gate } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { Ledger } from '../ledger.ts';
import { isLedgerGone } from '../ledger-error.ts';

export interface SegmenterDeps {
  readonly ledger: Ledger;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  /** The log keeps to this once what is older was delivered. */
  readonly maxBytes: number;
  /** How far a copy elsewhere is: what it has not got stays. */
  readonly copiedSeq?: () => number;
  /** How often what was recorded is sent. */
  readonly everyMs: number;
}

/**
 * Sends the audit log: cuts what was recorded into segments for the outbox, and lets go of the oldest ones that were
 * delivered when the log has outgrown its size. What was not delivered stays, however much that is.
 */
export class AuditSegmenter implements Service {
  readonly name = 'audit segments';
  readonly #deps: SegmenterDeps;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #isTold = false;

  constructor(deps: SegmenterDeps) {
    this.#deps = deps;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, everyMs, log } = this.#deps;
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
        await this.round(signal);
      } catch (error) {
        if (signal.aborted || isLedgerGone(error)) return;
        log.error({ error: describe(error) }, 'audit log not sent, tried again');
      }
    }
  }

  /** Cuts and lets go, once. Each segment passes the gate. */
  async round(signal: AbortSignal): Promise<void> {
    const { ledger, gate, maxBytes, copiedSeq, log } = this.#deps;
    using work = gate.work('audit segment');
    for (let isFull = true; isFull; ) {
      await work.pass(signal);
      isFull = (await ledger.cutAuditSegment())?.isFull ?? false;
    }
    await work.pass(signal);
    const bytes = await ledger.archiveAudit({ maxBytes, throughSeq: copiedSeq?.() ?? Number.MAX_SAFE_INTEGER });
    if (bytes > maxBytes && !this.#isTold) {
      log.warn({ bytes, maxBytes }, 'audit log is larger than it should be: its oldest segment was not delivered yet');
    }
    this.#isTold = bytes > maxBytes;
  }
}
