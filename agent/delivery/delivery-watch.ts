import type { Clock } from '../../core/clock.ts';
import type { Gate } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { DeliveryAlarm, DeliveryStatus } from '../../protocol/control.ts';
import type { Ledger } from '../../uploader/index.ts';
import { deliveryAlarm } from './alarm.ts';
import { type Outside, owedBy } from './owed.ts';
import { afterLook, type Progress } from './progress.ts';

/** How often it is looked at. */
const everyMs = 60_000;

export interface DeliveryWatchDeps {
  readonly ledger: Pick<Ledger, 'read'>;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly outside: () => Outside;
  readonly alarmMs: number;
  /** The alarm was raised, names another cause, or is over. */
  readonly onChange: (alarm: DeliveryAlarm | undefined) => void;
}

/**
 * Sees to it that nothing stops silently: what is owed and makes no step towards its receipt for too long is an alarm,
 * which names what stood in the way, and is over with the next step. It moves nothing by itself. While the gate is closed
 * it reads nothing.
 */
export class DeliveryWatch implements Service {
  readonly name = 'delivery-watch';
  readonly #deps: DeliveryWatchDeps;
  readonly #stop = new AbortController();
  #running: Promise<void> | undefined;
  #progress: Progress | undefined;
  #alarm: DeliveryAlarm | undefined;
  #lastReceiptAt: string | undefined;
  #owedSince: string | undefined;

  constructor(deps: DeliveryWatchDeps) {
    this.#deps = deps;
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await this.#running;
  }

  /** As of the last look. */
  get status(): DeliveryStatus {
    return {
      ...(this.#lastReceiptAt === undefined ? {} : { lastReceiptAt: this.#lastReceiptAt }),
      ...(this.#owedSince === undefined ? {} : { owedSince: this.#owedSince }),
      ...(this.#alarm ? { alarm: this.#alarm } : {}),
    };
  }

  /** Looks now: something was delivered, or somebody asks. */
  look(): void {
    const { gate, clock, log } = this.#deps;
    try {
      this.#take(gate.isOpen || this.#progress === undefined, clock.monotonicMs());
    } catch (error) {
      log.warn({ error: describe(error) }, 'what is owed could not be looked at');
    }
  }

  #take(mayRead: boolean, atMs: number): void {
    const { ledger, clock, gate, outside, alarmMs } = this.#deps;
    if (mayRead) {
      const owed = owedBy(ledger.read, outside());
      this.#lastReceiptAt = ledger.read.lastReceipt()?.acceptedAt;
      this.#owedSince = owed.map(({ since }) => since).toSorted()[0];
      const seen = gate.isOpen ? owed : owed.map((one) => ({ ...one, hindrance: 'gate-closed' as const }));
      const look = { atMs, wallMs: clock.now().getTime(), owed: seen, lastReceiptAt: this.#lastReceiptAt };
      this.#progress = afterLook(this.#progress, look, alarmMs);
    } else {
      this.#progress = afterLook(this.#progress, { atMs, wallMs: clock.now().getTime() }, alarmMs);
    }
    this.#judge(atMs, this.#progress);
  }

  #judge(atMs: number, progress: Progress): void {
    const { alarmMs, log, onChange } = this.#deps;
    const before = this.#alarm;
    this.#alarm = deliveryAlarm(progress, atMs, alarmMs);
    if (this.#alarm?.since === before?.since && this.#alarm?.cause === before?.cause) return;
    if (this.#alarm)
      log.warn({ code: this.#alarm.code, cause: this.#alarm.cause }, 'nothing was delivered for too long');
    else log.info({}, 'deliveries go on');
    onChange(this.#alarm);
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.look();
      await this.#deps.clock.sleep(everyMs, signal).catch(() => {});
    }
  }
}
