import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Clock } from '../../../core/clock.ts';
import { describe, type Log } from '../../../core/log.ts';
import type { EvidenceSource, Statement } from '../evidence.ts';
import type { Slot } from './calendar.ts';
import { type Reading, sayOf } from './decide.ts';
import { fetchCalendar } from './fetch.ts';

export interface TimetableSettings {
  readonly file?: string | undefined;
  readonly url?: string | undefined;
  readonly leadMinutes: number;
  readonly tailMinutes: number;
  readonly maxAgeHours: number;
  readonly refreshMinutes: number;
}

interface Deps {
  readonly settings: TimetableSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
  /** Milliseconds that the machine was suspended: in them the wall clock goes on and the monotonic one does not. */
  readonly suspendedMs: () => number;
}

const minuteMs = 60_000;
const horizonMs = 3 * 24 * 60 * minuteMs;
const parseWithinMs = 30_000;
/** The wall clock may be corrected so much at a time without being called wrong. */
const jumpMs = minuteMs;

/** The room's calendar. It is read now and then, in a thread of its own; what it says is decided at each look. */
export class TimetableSource implements EvidenceSource {
  readonly name = 'timetable';
  readonly #deps: Deps;
  readonly #stop = new AbortController();
  #reading: Reading | undefined;
  #wake = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  /** Both clocks at the last look, to see a jump. */
  #seen: { readonly wallMs: number; readonly elapsedMs: number };
  /** The wall clock jumped to this time, and no calendar was dated since. */
  #jumpedToMs: number | undefined;
  #isFailing = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#seen = this.#clocks();
  }

  /** Does not wait for the first reading: until then it says nothing. */
  async start(): Promise<void> {
    this.#loop = this.#readOn();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  refresh(): void {
    this.#wake.abort();
  }

  statements(): readonly Statement[] {
    this.#watchClock();
    const { settings, clock } = this.#deps;
    const now = { wallMs: clock.now().getTime(), monotonicMs: clock.monotonicMs() };
    return [
      sayOf(
        this.#reading,
        { ...now, distrusted: this.#jumpedToMs !== undefined },
        {
          leadMs: settings.leadMinutes * minuteMs,
          tailMs: settings.tailMinutes * minuteMs,
          maxAgeMs: settings.maxAgeHours * 60 * minuteMs,
          readAgeMs: 3 * settings.refreshMinutes * minuteMs,
        },
      ),
    ];
  }

  async #readOn(): Promise<void> {
    const { clock, settings } = this.#deps;
    while (!this.#stop.signal.aborted) {
      // Made before the reading: who asks for another one meanwhile gets it.
      this.#wake = new AbortController();
      await this.#read();
      if (this.#stop.signal.aborted) return;
      this.#deps.onChange();
      const signal = AbortSignal.any([this.#stop.signal, this.#wake.signal]);
      await clock.sleep(settings.refreshMinutes * minuteMs, signal).catch(() => {});
    }
  }

  async #read(): Promise<void> {
    const { settings, clock, log } = this.#deps;
    try {
      const place = settings.url === undefined ? { file: settings.file ?? '' } : { url: settings.url };
      const { text, datedMs } = await fetchCalendar(place);
      const [wallMs, monotonicMs] = [clock.now().getTime(), clock.monotonicMs()];
      const until = wallMs + horizonMs;
      const slots = await slotsIn(text, { fromMs: wallMs - horizonMs, toMs: until }, this.#stop.signal);
      this.#reading = { slots, horizonMs: until, wallMs, monotonicMs, datedMs };
      if (this.#jumpedToMs !== undefined && datedMs >= this.#jumpedToMs) this.#jumpedToMs = undefined;
      this.#isFailing = false;
    } catch (error) {
      if (!this.#isFailing && !this.#stop.signal.aborted) {
        log.warn({ source: this.name, error: describe(error) }, 'timetable not read');
      }
      this.#isFailing = true;
    }
  }

  /** Wall time that went another way than the time that passed: nobody knows any more what time it is. */
  #watchClock(): void {
    const now = this.#clocks();
    const drift = now.wallMs - this.#seen.wallMs - (now.elapsedMs - this.#seen.elapsedMs);
    this.#seen = now;
    if (Math.abs(drift) <= jumpMs) return;
    this.#jumpedToMs = now.wallMs;
    this.#deps.log.warn({ source: this.name }, 'wall clock jumped, timetable says nothing until a newer one is read');
    this.refresh();
  }

  #clocks() {
    const { clock, suspendedMs } = this.#deps;
    return { wallMs: clock.now().getTime(), elapsedMs: clock.monotonicMs() + suspendedMs() };
  }
}

async function slotsIn(text: string, window: Slot, stop: AbortSignal): Promise<readonly Slot[]> {
  const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
    workerData: { text, window },
    resourceLimits: { maxOldGenerationSizeMb: 128 },
  });
  const { promise, resolve, reject } = Promise.withResolvers<readonly Slot[]>();
  worker.once('message', resolve);
  worker.once('error', reject);
  worker.once('exit', () => reject(new Error('the reading of the timetable was cut')));
  const end = AbortSignal.any([stop, AbortSignal.timeout(parseWithinMs)]);
  const onEnd = () => void worker.terminate();
  end.addEventListener('abort', onEnd, { once: true });
  try {
    return await promise;
  } finally {
    end.removeEventListener('abort', onEnd);
    await worker.terminate();
  }
}
