import { readFileSync } from 'node:fs';
import type { Clock } from '../../../core/clock.ts';
import type { Log } from '../../../core/log.ts';
import type { EvidenceSource, Statement } from '../evidence.ts';
import { Hysteresis } from '../hysteresis.ts';
import { minuteMs, Rate } from './growth.ts';
import { WatchedFolder } from './watched-folder.ts';

export interface ActivitySettings {
  readonly folders: readonly string[];
  /** They are shares: one that is not mounted is a fault. */
  readonly shares: boolean;
  readonly busyBytesPerMinute: number;
  readonly quietBytesPerMinute: number;
  readonly quietMinutes: number;
  readonly pollSeconds: number;
}

interface Deps {
  readonly settings: ActivitySettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly onChange: () => void;
  /** Never watched, whatever a link leads to. */
  readonly inboxes: readonly string[];
  /** The kernel's table of mounts; tests put another one here. */
  readonly mountinfo?: () => string;
}

/**
 * Growth of a recorder's live folders. It says busy while they grow and never free: a folder at rest is no evidence of
 * an empty room. What cannot be seen may be a procedure: it says maybe.
 */
export class ActivitySource implements EvidenceSource {
  readonly name = 'activity';
  readonly #deps: Deps;
  readonly #rate = new Rate();
  readonly #growing: Hysteresis;
  readonly #folders: readonly WatchedFolder[];
  readonly #stop = new AbortController();
  /** Growth is known a minute after this. */
  #watchedSinceMs: number;
  #wasBusy = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { settings, clock, log, mountinfo = () => readFileSync('/proc/self/mountinfo', 'utf8') } = deps;
    this.#watchedSinceMs = clock.monotonicMs();
    this.#growing = new Hysteresis({
      ...{ high: settings.busyBytesPerMinute, low: settings.quietBytesPerMinute },
      holdMs: settings.quietMinutes * minuteMs,
    });
    this.#folders = settings.folders.map(
      (folder, at) =>
        new WatchedFolder({
          ...{ folder, log, mountinfo, inboxes: deps.inboxes, mustBeShare: settings.shares },
          ...{ name: `activity folder ${at + 1}`, everyMs: settings.pollSeconds * 1000 },
          onReady: () => this.refresh(),
          onGrowth: (bytes) => this.#note(bytes),
          onChange: deps.onChange,
        }),
    );
  }

  async start(): Promise<void> {
    for (const folder of this.#folders) folder.check();
    void this.#checkOn();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const folder of this.#folders) await folder.stop();
  }

  /** Growth of all folders together in the last minute. */
  get bytesPerMinute(): number {
    return this.#rate.bytesPerMinute(this.#deps.clock.monotonicMs());
  }

  /** What grew before is not known any more: a minute must pass until it is. */
  refresh(): void {
    this.#rate.forget();
    this.#watchedSinceMs = this.#deps.clock.monotonicMs();
    this.#deps.onChange();
  }

  statements(): readonly Statement[] {
    const { clock, settings } = this.#deps;
    const nowMs = clock.monotonicMs();
    this.#growing.note(this.bytesPerMinute, nowMs);
    const said: Statement[] = this.#folders.flatMap(({ name, fault }, at) =>
      fault === undefined ? [] : [this.#say('maybe', `fault ${at + 1}`, nowMs, `${name} ${fault}`)],
    );
    if (this.#growing.isOn(nowMs)) {
      const sinceMs = this.#growing.affirmedMs ?? nowMs;
      const busy = this.#say('busy', 'growth', sinceMs, 'a recorder’s live folder grows');
      said.push({ ...busy, lifetimeMs: settings.quietMinutes * minuteMs });
    } else if (nowMs - this.#watchedSinceMs < minuteMs) {
      const first = this.#say('maybe', 'first minute', this.#watchedSinceMs, 'growth is not known yet');
      said.push({ ...first, lifetimeMs: minuteMs });
    }
    return said;
  }

  #say(says: Statement['says'], key: string, sinceMs: number, what: string): Statement {
    return { source: this.name, key, says, sinceMs, what };
  }

  #note(bytes: number): void {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#rate.add(bytes, nowMs);
    this.#growing.note(this.bytesPerMinute, nowMs);
    const isBusy = this.#growing.isOn(nowMs);
    const began = isBusy && !this.#wasBusy;
    this.#wasBusy = isBusy;
    if (began) this.#deps.onChange();
  }

  async #checkOn(): Promise<void> {
    const { clock, settings } = this.#deps;
    try {
      for (;;) {
        await clock.sleep(settings.pollSeconds * 1000, this.#stop.signal);
        for (const folder of this.#folders) folder.check();
      }
    } catch {
      // Stopped.
    }
  }
}
