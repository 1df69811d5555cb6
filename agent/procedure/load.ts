import { readdirSync, readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import type { EvidenceSource, Statement } from './evidence.ts';
import { Hysteresis } from './hysteresis.ts';

export interface LoadSettings {
  /** Per cent of all processors that others than this appliance use. */
  readonly busyPercent: number;
  readonly quietPercent: number;
  readonly quietMinutes: number;
  readonly everySeconds: number;
}

/** Processor time between two looks, in milliseconds: of all processors together, and what this appliance had of it. */
export interface LoadSample {
  readonly busyMs: number;
  readonly totalMs: number;
  readonly ownMs: number;
}

interface Deps {
  readonly settings: LoadSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
  /** What was used since it was last asked. */
  readonly sample?: () => Promise<LoadSample>;
}

const minuteMs = 60_000;

/**
 * Load of the machine where something clinical runs beside this appliance. Weak evidence, and only of others: the
 * appliance's own work is taken off, or it would close the gate behind itself.
 */
export class LoadSource implements EvidenceSource {
  readonly name = 'load';
  readonly #deps: Deps;
  readonly #load: Hysteresis;
  readonly #stop = new AbortController();
  #loop: Promise<void> = Promise.resolve();
  readonly #sample: () => Promise<LoadSample>;
  #isFailing = false;
  #wasOn = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#sample = deps.sample ?? systemSampler();
    const { busyPercent, quietPercent, quietMinutes } = deps.settings;
    this.#load = new Hysteresis({ high: busyPercent, low: quietPercent, holdMs: quietMinutes * minuteMs });
  }

  async start(): Promise<void> {
    this.#loop = this.#sampleOn();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#loop;
  }

  statements(): readonly Statement[] {
    const { clock, settings } = this.#deps;
    const nowMs = clock.monotonicMs();
    const base = { source: this.name, says: 'maybe' } as const;
    if (this.#isFailing) {
      return [{ ...base, key: 'fault', sinceMs: nowMs, what: 'the load of this machine cannot be read' }];
    }
    const sinceMs = this.#load.affirmedMs;
    if (sinceMs === undefined || !this.#load.isOn(nowMs)) return [];
    const lifetimeMs = settings.quietMinutes * minuteMs;
    return [{ ...base, key: 'load', sinceMs, lifetimeMs, what: 'something else works on this machine' }];
  }

  async #sampleOn(): Promise<void> {
    const { clock, settings } = this.#deps;
    const { signal } = this.#stop;
    while (!signal.aborted) {
      await this.#look();
      await clock.sleep(settings.everySeconds * 1000, signal).catch(() => {});
    }
  }

  async #look(): Promise<void> {
    const { clock, log, onChange } = this.#deps;
    const wasFailing = this.#isFailing;
    try {
      this.#load.note(othersPercent(await this.#sample()), clock.monotonicMs());
      this.#isFailing = false;
    } catch (error) {
      if (!wasFailing) log.warn({ source: this.name, error: describe(error) }, 'load not read');
      this.#isFailing = true;
    }
    const isOn = this.#load.isOn(clock.monotonicMs());
    if (isOn !== this.#wasOn || wasFailing !== this.#isFailing) onChange();
    this.#wasOn = isOn;
  }
}

/** What others than this appliance used, in per cent of all processors; 0 to 100. */
export function othersPercent({ busyMs, totalMs, ownMs }: LoadSample): number {
  return totalMs <= 0 ? 0 : Math.min(100, Math.max(0, (100 * (busyMs - ownMs)) / totalMs));
}

/** Loads the system information library when it is first asked: only a site that wants this pays for it. */
export function systemSampler(): () => Promise<LoadSample> {
  let ownBeforeMs = 0;
  let isFirst = true;
  return async () => {
    const { default: systeminformation } = await import('systeminformation');
    // Of each processor, what it did since the library was last asked.
    const { cpus } = await systeminformation.currentLoad();
    const raw = cpus as readonly { readonly rawLoad: number; readonly rawLoadIdle: number }[];
    const [busyMs, idleMs] = [sum(raw.map(({ rawLoad }) => rawLoad)), sum(raw.map(({ rawLoadIdle }) => rawLoadIdle))];
    const nowMs = ownMs();
    const spent = isFirst ? busyMs : nowMs - ownBeforeMs;
    ownBeforeMs = nowMs;
    isFirst = false;
    return { busyMs, totalMs: busyMs + idleMs, ownMs: spent };
  };
}

/** Processor time of this process with all its threads, and of its children that live. */
function ownMs(): number {
  const { user, system } = process.cpuUsage();
  const children = readdirSync('/proc').filter((name) => /^\d+$/.test(name));
  return (user + system) / 1000 + sum(children.map(childMs));
}

/** User and system time (proc(5): fields 4, 14 and 15 of stat; a tick is 10 ms) of a child; 0 for anybody else. */
function childMs(pid: string): number {
  try {
    const stat = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const fields = stat.slice(stat.lastIndexOf(')') + 2).split(' ');
    return Number(fields[1]) === process.pid ? (Number(fields[11]) + Number(fields[12])) * 10 : 0;
  } catch {
    return 0;
  }
}

const sum = (values: readonly number[]) => values.reduce((total, value) => total + value, 0);
