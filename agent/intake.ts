import { lstat } from 'node:fs/promises';
import type { Clock } from '../core/clock.ts';
import type { Gate, Work } from '../core/gate.ts';
import type { Service } from '../core/lifecycle.ts';
import { describe, type Log } from '../core/log.ts';
import { type Entry, InboxWatcher, listInbox } from './inbox/index.ts';
import type { Outcome, Pipeline } from './pipeline.ts';

interface Deps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly inboxes: readonly string[];
  readonly siteKey: Uint8Array;
  readonly pipeline: Pipeline;
  readonly rescanMs: number;
}

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
    this.#watcher = new InboxWatcher({ folders: deps.inboxes, wake: () => this.#wake.resolve(), log: deps.log });
  }

  async start(signal: AbortSignal): Promise<void> {
    this.#running = this.#run(signal).catch((error: unknown) => {
      if (!signal.aborted) this.#deps.log.error({ error: describe(error) }, 'intake ended');
    });
  }

  async stop(): Promise<void> {
    await this.#running;
    await this.#watcher.close();
  }

  async #run(signal: AbortSignal): Promise<void> {
    while (!signal.aborted) {
      await this.#deps.gate.pass(signal);
      const closing = this.#deps.gate.whileOpen;
      closing.addEventListener('abort', () => void this.#watcher.close(), { once: true });
      this.#wake = Promise.withResolvers<void>();
      if (!closing.aborted) this.#watcher.open();
      await this.#rest(await this.#round(signal), AbortSignal.any([signal, closing]));
    }
  }

  /** Once through all entries; returns after how many milliseconds the next look is due. */
  async #round(signal: AbortSignal): Promise<number> {
    using work = this.#deps.gate.work('intake');
    const present = new Set<string>();
    let complete = true;
    let nextMs = this.#deps.rescanMs;
    for (const inbox of this.#deps.inboxes) {
      const entries = await this.#list(inbox, work, signal);
      complete &&= entries !== undefined;
      for (const entry of entries ?? []) {
        present.add(entry.key);
        const outcome = await this.#take(entry, work, signal);
        if (typeof outcome === 'object') nextMs = Math.min(nextMs, outcome.againInMs);
      }
    }
    if (complete) await this.#deps.pipeline.holdMissing(present);
    return nextMs;
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
      if (this.#finished.get(entry.key) === mtimeMs) return 'sealed';
      const outcome = await this.#deps.pipeline.take(entry, work, signal);
      if (outcome === 'sealed') this.#finished.set(entry.key, mtimeMs);
      return outcome;
    } catch (error) {
      signal.throwIfAborted();
      this.#deps.log.warn({ error: describe(error) }, 'entry not taken, tried again later');
      return { againInMs: this.#deps.rescanMs };
    }
  }

  /** Sleeps until something appears, the next look is due, or the gate closes. */
  async #rest(ms: number, until: AbortSignal): Promise<void> {
    const awake = new AbortController();
    const sleeping = this.#deps.clock.sleep(ms, AbortSignal.any([until, awake.signal]));
    await Promise.race([sleeping, this.#wake.promise]).catch(() => {});
    awake.abort();
    await sleeping.catch(() => {});
  }
}
