import type { Checkpoint, GateFlag } from './gate-flag.ts';

/** So much of the processor may be saved up by not using it: a pause is no reason for a burst after it. */
const mostSavedMs = 20;
/** What is owed is rested off in one go, not in crumbs. */
const leastRestMs = 5;

/** A moment of a thread: the monotonic clock, and what the thread has used of the processor. */
export interface ThreadTime {
  readonly nowMs: number;
  readonly cpuMs: number;
}

/** A share of a processor for one thread, kept by resting between pieces of work. It decides; others rest. */
export class WorkShare {
  readonly #share: number;
  #savedMs = 0;
  #seen: ThreadTime | undefined;

  constructor(percent: number) {
    this.#share = percent / 100;
  }

  /** How long to rest now, in milliseconds, so that what was used since the first call is within the share; 0: go on. */
  restMs(time: ThreadTime): number {
    const before = this.#seen ?? time;
    this.#seen = time;
    const earnedMs = (time.nowMs - before.nowMs) * this.#share - (time.cpuMs - before.cpuMs);
    this.#savedMs = Math.min(mostSavedMs, this.#savedMs + earnedMs);
    const restMs = -this.#savedMs / this.#share;
    return restMs < leastRestMs ? 0 : restMs;
  }
}

/** As this thread stands. */
export function threadTime(): ThreadTime {
  const { user, system } = process.threadCpuUsage();
  return { nowMs: performance.now(), cpuMs: (user + system) / 1000 };
}

export interface ShareOptions {
  /** Of one processor; undefined: all of it. */
  readonly percent: number | undefined;
  /** Processor time that others used on this thread's behalf, in all so far, ms. */
  readonly besideMs?: () => number;
}

/** The same checkpoint, at which this thread also rests as its share demands; without a percentage it is as it was. */
export function withinShare(
  pass: Checkpoint,
  gate: Pick<GateFlag, 'nap'>,
  { percent, besideMs = () => 0 }: ShareOptions,
): Checkpoint {
  if (percent === undefined) return pass;
  const share = new WorkShare(percent);
  const restMs = () => {
    const { nowMs, cpuMs } = threadTime();
    return share.restMs({ nowMs, cpuMs: cpuMs + besideMs() });
  };
  return async (beforeWaiting) => {
    await pass(beforeWaiting);
    for (let ms = restMs(); ms > 0; ms = restMs()) {
      await gate.nap(ms);
      await pass(beforeWaiting);
    }
  };
}
