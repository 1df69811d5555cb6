import { createHmac } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { dirname } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import { writeFileDurable } from '../../core/files.ts';
import type { SourceName } from '../../protocol/control.ts';
import { isFresh, type Statement } from './evidence.ts';

interface Deps {
  readonly source: SourceName;
  /** Where busy statements outlive the process. */
  readonly path: string;
  readonly clock: Clock;
  /** How long a statement of busy counts. Also for one from before a restart that cannot be read any more. */
  readonly busyMs: number;
  /** Makes digests of ids; see `digestOf`. */
  readonly secret: Uint8Array;
}

/** So many things that are busy at a time are told apart; more count together as one. */
const mostKeys = 64;

/**
 * What a listener has heard and nobody has taken back. What is busy is durable before its sender gets an answer, and
 * holds over restarts; after a reboot its time begins anew, as nothing says how long the machine was off. What is free
 * lives in memory alone: a restart forgets it.
 */
export class EventEvidence {
  readonly #deps: Deps;
  #busy: readonly Statement[] = [];
  #free: Statement | undefined;
  #isSaved = true;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#busy = this.#restore();
  }

  get statements(): readonly Statement[] {
    const nowMs = this.#deps.clock.monotonicMs();
    this.#busy = this.#busy.filter((statement) => isFresh(statement, nowMs));
    if (this.#free && !isFresh(this.#free, nowMs)) this.#free = undefined;
    return [...this.#busy, ...(this.#free ? [this.#free] : [])];
  }

  /** Something began. It counts at once, and outlives a restart once `save` has returned. */
  began(key: string, what: string, says: 'busy' | 'maybe' = 'busy', lifetimeMs = this.#deps.busyMs): void {
    const others = this.#busy.filter((statement) => statement.key !== key);
    const kept = others.length < mostKeys ? others : others.filter(({ key }) => key !== 'many').slice(0, mostKeys - 1);
    const name = others.length < mostKeys ? key : 'many';
    this.#busy = [...kept, { ...this.#at(), key: name, says, lifetimeMs, what }];
    this.#free = undefined;
    this.#isSaved = false;
  }

  /** It is over: takes back what was said under this key, and nothing else. */
  ended(key: string): void {
    const rest = this.#busy.filter((statement) => statement.key !== key);
    if (rest.length === this.#busy.length) return;
    this.#busy = rest;
    this.#isSaved = false;
  }

  /** The room is said to be free. What is busy under another key still counts, and outweighs it. */
  free(what: string, lifetimeMs: number): void {
    this.#free = { ...this.#at(), key: 'free', says: 'free', lifetimeMs, what };
  }

  /** What is kept of an id from outside: 16 hex digits that mean nothing without this appliance's secret. */
  digestOf(id: string): string {
    return createHmac('sha256', this.#deps.secret).update(`${this.#deps.source}\0${id}`).digest('hex').slice(0, 16);
  }

  #at() {
    return { source: this.#deps.source, sinceMs: this.#deps.clock.monotonicMs() };
  }

  /** Makes durable what is busy now. When it throws, what began counts all the same while this process lives. */
  save(): void {
    if (this.#isSaved) return;
    const { path, clock } = this.#deps;
    mkdirSync(dirname(path), { recursive: true, mode: 0o750 });
    writeFileDurable(path, `${JSON.stringify({ bootId: clock.bootId, busy: this.#busy })}\n`, 0o640);
    this.#isSaved = true;
  }

  #restore(): readonly Statement[] {
    const { path, source, clock, busyMs } = this.#deps;
    const nowMs = clock.monotonicMs();
    try {
      const { bootId, busy } = JSON.parse(readFileSync(path, 'utf8')) as { bootId: string; busy: readonly Statement[] };
      const sinceOf = ({ sinceMs }: Statement) => (bootId === clock.bootId ? sinceMs : nowMs);
      return busy.map((one) => whole({ ...one, source, sinceMs: sinceOf(one) }));
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return [];
      const what = 'what was heard before a restart cannot be read';
      return [{ source, key: 'unreadable', says: 'busy', sinceMs: nowMs, lifetimeMs: busyMs, what }];
    }
  }
}

function whole(one: Statement): Statement {
  const { key, says, what, sinceMs, lifetimeMs } = one;
  const texts = [key, says, what].every((value) => typeof value === 'string');
  if (!texts || !Number.isFinite(sinceMs) || !Number.isFinite(lifetimeMs)) throw new Error('not a statement');
  return one;
}
