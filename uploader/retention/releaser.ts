import { join } from 'node:path';
import { eraseArchiveInSteps } from '../../archive/index.ts';
import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import type { Gate } from '../../core/gate.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import { aborted } from '../gated.ts';
import type { Ledger } from '../ledger.ts';
import { isLedgerGone } from '../ledger-error.ts';
import type { ArchiveRecord } from '../ledger-records.ts';
import type { ReleasedBytes } from './release-commands.ts';

const dayMs = 86_400_000;
/** Longest sleep of a timer; and how long a failure is left alone. */
const longestMs = 24 * 3_600_000;
const afterFailureMs = 30_000;
/** So many are recorded as going in one transaction. */
const atOnce = 64;

export interface RetentionPolicy {
  /** Archives that are not sent are kept so long after they were sealed. */
  readonly keepDays: number;
  /** Delivered archives are kept so long after their receipt, while there is room. */
  readonly keepDeliveredDays: number;
}

export interface ReleaserDeps {
  readonly ledger: Ledger;
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  /** Where the archives and their keys lie. */
  readonly folder: string;
  readonly policy: RetentionPolicy;
  /** Space is needed: delivered archives go at once. */
  readonly isPressed: () => boolean;
  /** The ledger, which records this release with what it stores. */
  readonly accounted?: (archive: ArchiveRecord) => Ledger;
  /** Bytes left the disk. */
  readonly onReleased: (released: ReleasedBytes) => void;
}

type ReleaseDeps = Pick<ReleaserDeps, 'ledger' | 'folder' | 'accounted' | 'onReleased'>;

/**
 * Gives space back: erases what the retention policy lets go, and what was ordered away, each archive behind the gate
 * and in two recorded steps, so that a kill anywhere is made good. What is owed is never touched. With nothing to do it
 * waits without a timer.
 */
export class Releaser implements Service {
  readonly name = 'releaser';
  readonly #deps: ReleaserDeps;
  readonly #log: Log;
  readonly #stop = new AbortController();
  /** Wall clock at the start; from then on time passes as the monotonic clock says, whatever is done to the other. */
  readonly #startedAtMs: number;
  readonly #startedMs: number;
  #woken = new AbortController();
  #running: Promise<void> | undefined;

  constructor(deps: ReleaserDeps) {
    this.#deps = deps;
    this.#log = deps.log.child({ part: 'releaser' });
    this.#startedAtMs = deps.clock.now().getTime();
    this.#startedMs = deps.clock.monotonicMs();
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(AbortSignal.any([signal, this.#stop.signal]));
  }

  async stop(): Promise<void> {
    this.#stop.abort(new Error('stopping'));
    await this.#running;
  }

  /** There may be something to release: a receipt came, a case was withdrawn, or space is needed. */
  wake(): void {
    this.#woken.abort();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      this.#woken = new AbortController();
      let waitMs: number | undefined = afterFailureMs;
      try {
        await this.#round(signal);
        waitMs = this.#nextDueMs();
      } catch (error) {
        if (signal.aborted || isLedgerGone(error)) return;
        this.#log.error({ error: describe(error) }, 'release failed, tried again');
      }
      await this.#wait(waitMs, signal);
    }
  }

  async #round(signal: AbortSignal): Promise<void> {
    const { gate, ledger } = this.#deps;
    if (ledger.read.archivesReleasing().length === 0 && this.#due().length === 0) return;
    using work = gate.work('release');
    const checkpoint = () => work.pass(signal);
    await checkpoint();
    let released = await releaseRecorded(this.#deps, checkpoint);
    // A base is due once its deltas are gone.
    for (let due = this.#due(); due.length > 0; due = this.#due()) {
      await ledger.beginRelease(due.map(({ archiveId }) => archiveId));
      released += await releaseRecorded(this.#deps, checkpoint);
    }
    if (released === 0) return;
    this.#log.info({ archives: released }, 'archives released');
    await checkpoint();
    await ledger.compact();
  }

  #due(): ArchiveRecord[] {
    const { ledger, policy, isPressed } = this.#deps;
    // Kept for no time at all is no question of clocks, which may differ by a moment.
    const before = (days: number) => (days === 0 ? '9999' : new Date(this.#nowMs() - days * dayMs).toISOString());
    return ledger.read
      .archivesToRelease({
        deliveredBefore: before(isPressed() ? 0 : policy.keepDeliveredDays),
        unsentBefore: before(policy.keepDays),
      })
      .slice(0, atOnce);
  }

  /** In how long something comes under the policy; undefined when there is nothing. */
  #nextDueMs(): number | undefined {
    const { ledger, policy } = this.#deps;
    const { deliveredAt, unsentAt } = ledger.read.oldestKept();
    const times = [
      ...(deliveredAt === undefined ? [] : [Date.parse(deliveredAt) + policy.keepDeliveredDays * dayMs]),
      ...(unsentAt === undefined ? [] : [Date.parse(unsentAt) + policy.keepDays * dayMs]),
    ];
    if (times.length === 0) return undefined;
    return Math.min(longestMs, Math.max(afterFailureMs, Math.min(...times) - this.#nowMs()));
  }

  #nowMs(): number {
    return this.#startedAtMs + this.#deps.clock.monotonicMs() - this.#startedMs;
  }

  async #wait(ms: number | undefined, signal: AbortSignal): Promise<void> {
    const over = AbortSignal.any([signal, this.#woken.signal]);
    if (ms === undefined) return aborted(over);
    await this.#deps.clock.sleep(ms, over).catch(() => undefined);
  }
}

/**
 * Erases every archive that is recorded as being released: what a release was about to do, or a killed one had begun.
 * Returns how many there were.
 */
export async function releaseRecorded(
  { ledger, folder, accounted = () => ledger, onReleased }: ReleaseDeps,
  checkpoint: Checkpoint,
): Promise<number> {
  const releasing = ledger.read.archivesReleasing();
  for (const archive of releasing) {
    await eraseArchiveInSteps(join(folder, archive.file), checkpoint);
    try {
      onReleased(await accounted(archive).finishRelease(archive.archiveId));
    } catch (error) {
      // Somebody else has ended it meanwhile: a starting daemon makes good what the releaser does as well.
      if (codeOf(error) !== 'ILLEGAL_MOVE') throw error;
    }
  }
  return releasing.length;
}
