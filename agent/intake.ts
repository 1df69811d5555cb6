import { lstat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Gate, Work } from '../core/gate.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import type { Imports } from './imports/index.ts';
import { type Entry, InboxWatcher, listInbox } from './inbox/index.ts';
import type { Outcome, Pipeline } from './pipeline.ts';

interface Deps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly inboxes: readonly string[];
  /** One-time inboxes that people name. */
  readonly imports: Pick<Imports, 'open'>;
  readonly siteKey: Uint8Array;
  readonly pipeline: Pick<Pipeline, 'take' | 'holdMissing'>;
  readonly rescanMs: number;
  /** Whether a step's result is on its way to the disk. */
  readonly isLedgerWriting?: () => boolean;
  /** What has to be done once before anything is taken, behind the gate. */
  readonly prepare?: (work: Work, signal: AbortSignal) => Promise<void>;
}

/** Least time between two rounds, however much moves in an inbox. */
const leastRestMs = 250;

/** An imported entry that cannot be looked at was pulled out: the next look says so to whoever waits for it. */
const lostImportMs = 1_000;

/**
 * Goes round the inboxes while the gate is open: when something appears, when an entry should have settled, and every
 * `rescanMs` for mounts that report nothing. While the gate is closed it neither lists nor watches.
 */
export class Intake implements Service {
  readonly name = 'intake';
  readonly #deps: Deps;
  readonly #watcher: InboxWatcher;
  /** Entries whose case is sealed, with the folder's time at that moment: not looked into again until it changes. */
  readonly #finished = new Map<string, number>();
  readonly #unreadable = new Set<string>();
  #wake = Promise.withResolvers<void>();
  #running: Promise<void> | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
    const { gate, inboxes: folders, log } = deps;
    this.#watcher = new InboxWatcher({ gate, folders, log, wake: () => this.#wake.resolve() });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#deps.log.error({ error: describe(error) }, 'intake ended');
    });
  }

  async stop(): Promise<void> {
    await this.#running;
    await this.#watcher.closed();
  }

  /** There is something new to look at. */
  wake(): void {
    this.#wake.resolve();
  }

  async #run(signal: AbortSignal): Promise<void> {
    const { gate } = this.#deps;
    await this.#prepare(signal);
    while (!signal.aborted) {
      await gate.pass(signal);
      await this.#goRound(AbortSignal.any([signal, gate.whileOpen]), signal);
    }
  }

  async #prepare(signal: AbortSignal): Promise<void> {
    using work = this.#deps.gate.work('preparation');
    await work.pass(signal);
    try {
      await this.#deps.prepare?.(work, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.log.warn({ error: describe(error) }, 'preparation of the intake failed, it begins all the same');
    }
  }

  /** Round after round until `over`: the gate closed, or the service stops. A round that waits at the gate goes on. */
  async #goRound(over: AbortSignal, signal: AbortSignal): Promise<void> {
    await this.#watcher.open(over);
    while (!over.aborted) {
      this.#wake = Promise.withResolvers<void>();
      const ms = await this.#round(signal);
      await this.#rest(leastRestMs, over);
      await this.#rest(ms - leastRestMs, over, this.#wake.promise);
    }
  }

  /** Once through all entries; returns after how many milliseconds the next look is due. */
  async #round(signal: AbortSignal): Promise<number> {
    using work = this.#deps.gate.work('intake', () => (this.#deps.isLedgerWriting?.() ? 'fsync' : undefined));
    const present = new Set<string>();
    let complete = true;
    let nextMs = this.#deps.rescanMs;
    // First what a person waits for.
    for (const one of this.#deps.imports.open) {
      for (const entry of await one.list(work, signal)) {
        present.add(entry.key);
        const outcome = await this.#take(entry, work, signal);
        one.note(entry, outcome);
        if (typeof outcome === 'object') nextMs = Math.min(nextMs, outcome.againInMs);
      }
    }
    for (const inbox of this.#deps.inboxes) {
      const entries = await this.#list(inbox, work, signal);
      complete &&= entries !== undefined;
      for (const entry of entries ?? []) {
        present.add(entry.key);
        const outcome = await this.#take(entry, work, signal);
        if (typeof outcome === 'object') nextMs = Math.min(nextMs, outcome.againInMs);
      }
    }
    if (complete) await this.#forgetMissing(present, work, signal);
    return nextMs;
  }

  async #forgetMissing(present: ReadonlySet<string>, work: Work, signal: AbortSignal): Promise<void> {
    for (const key of this.#finished.keys()) if (!present.has(key)) this.#finished.delete(key);
    try {
      await this.#deps.pipeline.holdMissing(present, work, signal);
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.log.warn({ error: describe(error) }, 'missing entries not held, tried again later');
    }
  }

  /** The entries of an inbox, or undefined while it cannot be listed. */
  async #list(inbox: string, work: Work, signal: AbortSignal): Promise<readonly Entry[] | undefined> {
    try {
      const entries = await listInbox(inbox, this.#deps.siteKey, () => work.pass(signal));
      this.#unreadable.delete(inbox);
      return entries;
    } catch (error) {
      signal.throwIfAborted();
      if (!this.#unreadable.has(inbox)) this.#deps.log.warn({ error: describe(error) }, 'inbox cannot be listed');
      this.#unreadable.add(inbox);
      return undefined;
    }
  }

  /** One entry; whatever goes wrong with it, the next one has its turn. */
  async #take(entry: Entry, work: Work, signal: AbortSignal): Promise<Outcome> {
    try {
      await work.pass(signal);
      const { mtimeMs } = await lstat(entry.path);
      if (this.#finished.get(entry.key) === mtimeMs && !entry.isAskedFor) return 'sealed';
      const outcome = await this.#deps.pipeline.take(entry, work, signal);
      if (outcome === 'sealed') this.#finished.set(entry.key, mtimeMs);
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.log.warn({ error: describe(error) }, 'entry not taken, tried again later');
      return { againInMs: entry.isImported ? lostImportMs : this.#deps.rescanMs };
    }
  }

  /** Sleeps for `ms`, no longer than until `over` aborts or `early` resolves. */
  async #rest(ms: number, over: AbortSignal, early?: Promise<void>): Promise<void> {
    if (over.aborted || ms <= 0) return;
    const awake = new AbortController();
    const sleeping = this.#deps.clock.sleep(ms, AbortSignal.any([over, awake.signal])).catch(() => {});
    await (early ? Promise.race([sleeping, early]) : sleeping);
    awake.abort();
    await sleeping;
  }
}
