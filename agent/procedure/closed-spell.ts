import type { Clock } from '../../core/clock.ts';
import type { Decision } from '../../protocol/control.ts';

/**
 * How long the gate has been closed without a break, over restarts of the daemon within one boot. It raises an alarm
 * when that is longer than the site expects, and does nothing else: a gate is never opened because it was closed long.
 */
export class ClosedSpell {
  readonly #clock: Clock;
  readonly #stuckMs: number;
  #sinceMs: number | undefined;
  #since: Date;
  #alarmed = false;

  constructor(clock: Clock, stuckMs: number, history: readonly Decision[]) {
    this.#clock = clock;
    this.#stuckMs = stuckMs;
    this.#sinceMs = clock.monotonicMs();
    this.#since = clock.now();
    const first = firstOfClosedRun(history.filter(({ bootId }) => bootId === clock.bootId));
    if (first && first.monotonicMs < this.#sinceMs) {
      this.#sinceMs = first.monotonicMs;
      this.#since = new Date(first.at);
    }
  }

  /** Takes note of the gate. True once per spell: when the alarm is raised. */
  note(isOpen: boolean, nowMs: number): boolean {
    if (isOpen) {
      this.#sinceMs = undefined;
      this.#alarmed = false;
      return false;
    }
    if (this.#sinceMs === undefined) {
      this.#sinceMs = nowMs;
      this.#since = this.#clock.now();
    }
    const raised = !this.#alarmed && this.untilAlarmMs(nowMs) === Number.POSITIVE_INFINITY && this.#isStuck(nowMs);
    if (raised) this.#alarmed = true;
    return raised;
  }

  alarm(nowMs: number): { readonly since: string; readonly text: string } | undefined {
    if (!this.#isStuck(nowMs)) return undefined;
    const hours = Math.floor((nowMs - (this.#sinceMs ?? nowMs)) / 360_000) / 10;
    const text = `The gate has been closed for ${hours} h; if no procedure runs, see who holds it: vestibule procedure why.`;
    return { since: this.#since.toISOString(), text };
  }

  /** Milliseconds until the alarm is due; `Infinity` when it is raised already, or the gate is open. */
  untilAlarmMs(nowMs: number): number {
    if (this.#sinceMs === undefined || this.#isStuck(nowMs)) return Number.POSITIVE_INFINITY;
    return this.#stuckMs - (nowMs - this.#sinceMs);
  }

  #isStuck(nowMs: number): boolean {
    return this.#sinceMs !== undefined && nowMs - this.#sinceMs >= this.#stuckMs;
  }
}

/** The oldest decision of the run of closed ones at the end. */
function firstOfClosedRun(history: readonly Decision[]): Decision | undefined {
  const lastOpen = history.findLastIndex(({ gate }) => gate === 'open');
  return history[lastOpen + 1];
}
