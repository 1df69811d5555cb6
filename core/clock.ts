import { readFileSync } from 'node:fs';
import { setTimeout as sleepFor } from 'node:timers/promises';

/**
 * Time as a dependency: everything that waits or stamps takes one, so tests can hold it.
 * `now` is the wall clock and may jump; `monotonicMs` never goes back within one `bootId` and is shared by all
 * processes of the machine (CLOCK_MONOTONIC), so leases written by one process can be timed by another.
 */
export interface Clock {
  now(): Date;
  monotonicMs(): number;
  readonly bootId: string;
  sleep(ms: number, signal?: AbortSignal): Promise<void>;
}

export const systemClock: Clock = {
  now: () => new Date(),
  monotonicMs: () => Number(process.hrtime.bigint() / 1_000_000n),
  get bootId() {
    return readFileSync('/proc/sys/kernel/random/boot_id', 'utf8').trim();
  },
  async sleep(ms, signal) {
    await sleepFor(ms, undefined, signal ? { signal } : {});
  },
};
