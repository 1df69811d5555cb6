import type { Clock } from '../../core/clock.ts';
import type { Gate } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import { type Telemetry, telemetrySchema } from '../../protocol/telemetry.ts';
import type { Ledger } from '../../uploader/index.ts';
import { GateMinutes } from './gate-minutes.ts';

interface Deps {
  readonly ledger: Ledger;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly version: string;
  readonly everyMs: number;
  readonly disk: () => Promise<Telemetry['disk']>;
  /** Counters of the analysis; undefined while they are not to be sent. */
  readonly drift: () => Telemetry['analysis'] | undefined;
}

/**
 * Puts a sample of the appliance's health into the outbox every so often. While the gate is closed there is none: the
 * first one after it opens says how long it was closed. A sample that cannot be stored is not missed: the next one covers
 * its time.
 */
export class TelemetryProducer implements Service {
  readonly name = 'telemetry';
  readonly #deps: Deps;
  readonly #minutes: GateMinutes;
  readonly #stop = new AbortController();
  readonly #startedMs: number;
  #running: Promise<unknown> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#minutes = new GateMinutes(deps.gate, deps.clock);
    this.#startedMs = deps.clock.monotonicMs();
  }

  async start(signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, this.#stop.signal]);
    this.#running = Promise.all([this.#minutes.listen(over), this.#run(over)]);
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await this.#running;
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { clock, log, everyMs } = this.#deps;
    while (!signal.aborted) {
      try {
        await clock.sleep(everyMs, signal);
        await this.#sample(signal);
      } catch (error) {
        if (signal.aborted) return;
        log.warn({ part: 'telemetry', error: describe(error) }, 'sample not stored');
      }
    }
  }

  async #sample(signal: AbortSignal): Promise<void> {
    const { gate, ledger, disk, version, clock, drift } = this.#deps;
    using work = gate.work('telemetry');
    await work.pass(signal);
    const free = await disk();
    const { openMs, closedMs, closings } = this.#minutes.take();
    const analysis = drift();
    const { rss } = process.memoryUsage();
    const { user, system } = process.cpuUsage();
    const sample: Telemetry = {
      ...{ v: 1, version, spanSeconds: seconds(openMs + closedMs) },
      gate: { openSeconds: seconds(openMs), closedSeconds: seconds(closedMs), closings },
      cases: ledger.read.stageCounts(),
      outbox: ledger.read.outbox.totals(),
      disk: free,
      ...(analysis ? { analysis } : {}),
      process: {
        upSeconds: seconds(clock.monotonicMs() - this.#startedMs),
        ...{ rssBytes: rss, cpuSeconds: Math.round((user + system) / 1e4) / 100 },
      },
    };
    // The schema is strict: nothing else can get into a sample.
    await ledger.enqueue({ kind: 'telemetry', body: JSON.stringify(telemetrySchema.parse(sample)) });
  }
}

function seconds(ms: number): number {
  return Math.round(ms / 1000);
}
