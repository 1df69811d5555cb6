import type { Clock } from '../core/clock.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import type { AuditLog } from './audit/index.ts';
import { suspendedMs } from './procedure/index.ts';

/** More than this between wall and passed time is a jump; less is the slow correction that every clock gets. */
export const jumpMs = 2 * 60_000;
const lookEveryMs = 30_000;

/** Both clocks in one moment; `elapsedMs` goes on while the machine is suspended. */
export interface ClockReading {
  readonly wallMs: number;
  readonly elapsedMs: number;
  readonly bootId: string;
}

/**
 * By how much the wall clock went another way than the time that passed, in milliseconds; 0 for less than a jump. Across
 * a boot nobody knows how much passed: only a wall clock that stands before the moment it showed then has jumped.
 */
export function jumpOf(before: ClockReading, now: ClockReading): number {
  const wallMs = now.wallMs - before.wallMs;
  const drift = before.bootId === now.bootId ? wallMs - (now.elapsedMs - before.elapsedMs) : Math.min(0, wallMs);
  return Math.abs(drift) > jumpMs ? drift : 0;
}

interface Deps {
  readonly clock: Clock;
  readonly log: Log;
  readonly audit: Pick<AuditLog, 'record'>;
  /** When something was last recorded, before this start. */
  readonly lastAt?: string | undefined;
  /** Tests put a machine here that sleeps when told. */
  readonly suspendedMs?: () => number;
}

/**
 * Looks whether the wall clock jumps, and puts it on record. That is all: nothing of the appliance is timed by the wall
 * clock that could do harm (docs/clocks.md).
 */
export class ClockWatch implements Service {
  readonly name = 'clock-watch';
  readonly #deps: Deps;
  readonly #stop = new AbortController();
  #before: ClockReading;
  #running: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { lastAt } = deps;
    // How long this was dead is not known for certain, so it counts as another boot.
    this.#before = lastAt === undefined ? this.#reading() : { wallMs: Date.parse(lastAt), elapsedMs: 0, bootId: '' };
  }

  async start(): Promise<void> {
    this.#running = this.#watch();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    await this.#running;
  }

  async #watch(): Promise<void> {
    const { clock } = this.#deps;
    while (!this.#stop.signal.aborted) {
      this.look();
      await clock.sleep(lookEveryMs, this.#stop.signal).catch(() => {});
    }
  }

  /** Compares with the last look. */
  look(): void {
    const { audit, log } = this.#deps;
    const now = this.#reading();
    const byMs = Math.round(jumpOf(this.#before, now));
    const sameBoot = this.#before.bootId === now.bootId;
    this.#before = now;
    if (byMs === 0) return;
    log.warn({ byMs }, 'wall clock jumped');
    // Across a boot it went back by at least so much.
    const evidence = { byMs, ...(sameBoot ? {} : { atLeast: true }) };
    audit.record({ action: 'clock-jumped', actor: 'appliance', evidence }).catch((error: unknown) => {
      log.error({ error: describe(error) }, 'clock jump not recorded');
    });
  }

  #reading(): ClockReading {
    const { clock } = this.#deps;
    const sleptMs = this.#deps.suspendedMs?.() ?? suspendedMs(clock);
    return { wallMs: clock.now().getTime(), elapsedMs: clock.monotonicMs() + sleptMs, bootId: clock.bootId };
  }
}
