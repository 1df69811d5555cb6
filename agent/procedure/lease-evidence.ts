import { type FSWatcher, mkdirSync, statSync, watch } from 'node:fs';
import { basename } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { partialSuffix } from '../../core/files.ts';
import { describe, type Log } from '../../core/log.ts';
import type { Lease } from '../../protocol/control.ts';
import type { Statement } from './evidence.ts';
import {
  LeaseError,
  type LeaseWish,
  newLease,
  refreshLeases,
  releaseLeases,
  remainingMs,
  writeLease,
} from './leases.ts';

/** The folder is read anew at every look, and a look comes at least this often. */
const saidForMs = 120_000;

interface Deps {
  readonly folder: string;
  readonly clock: Clock;
  readonly log: Log;
  /** A lease may have come or gone. */
  readonly onChange: () => void;
}

/** The lease folder as the daemon sees it: what it says now, and a call when it changes. */
export class LeaseEvidence {
  readonly #deps: Deps;
  #unwritten: readonly Lease[] = [];
  #watcher: FSWatcher | undefined;
  #unwatchable = false;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Makes the folder if it is not there. Only at start: later, a folder that is gone is a fault. */
  create(): void {
    mkdirSync(this.#deps.folder, { recursive: true, mode: 0o770 });
  }

  /** False while changes are not reported, so that somebody has to look. */
  get isWatched(): boolean {
    return this.#watcher !== undefined;
  }

  /** Leases that were taken but could not be written: they hold as long as this process lives. */
  get unwritten(): readonly Lease[] {
    return this.#unwritten;
  }

  /** The leases that hold now. Throws when that cannot be said: a folder that is gone has taken its leases with it. */
  read(): readonly Lease[] {
    const { folder, clock } = this.#deps;
    statSync(folder);
    this.#watchFolder();
    this.#writeUnwritten();
    return [...refreshLeases(folder, clock), ...this.#unwritten];
  }

  /** Takes a lease. It holds in any case; throws LEASE_NOT_WRITTEN when a restart would forget it. */
  take(wish: LeaseWish): Lease {
    const { folder, clock } = this.#deps;
    const lease = newLease(wish, clock);
    try {
      writeLease(folder, lease);
      return lease;
    } catch (cause) {
      this.#unwritten = [...this.#unwritten, lease];
      throw new LeaseError('LEASE_NOT_WRITTEN', 'the gate is closed, but the lease is not on disk', {
        hint: 'Check free space and rights of the data folder, and do not restart the appliance until the case is over.',
        cause,
      });
    }
  }

  /** Takes a lease in place of those that the same holder has: at no moment does it hold none. */
  renew(wish: LeaseWish): Lease {
    const lease = this.take(wish);
    releaseLeases(this.#deps.folder, wish.holder, lease);
    return lease;
  }

  release(holder: string): readonly Lease[] {
    this.#unwritten = this.#unwritten.filter((lease) => lease.holder !== holder);
    return releaseLeases(this.#deps.folder, holder);
  }

  /** The leases as statements; none held says free, for as long as nobody needs to look again. */
  static statements(leases: readonly Lease[], nowMs: number): readonly Statement[] {
    if (leases.length > 0) return leases.map(statementOf);
    const what = 'no lease is held';
    return [{ source: 'leases', key: '', says: 'free', sinceMs: nowMs, lifetimeMs: saidForMs, what }];
  }

  stop(): void {
    this.#watcher?.close();
  }

  /** Watches before it reads, so that no change falls between. A watch ends with its folder, even if a new one comes. */
  #watchFolder(): void {
    const { folder, log, onChange } = this.#deps;
    if (this.#watcher) return;
    try {
      const watcher = watch(folder, (_event, name) => {
        if (name === basename(folder)) this.#unwatch(watcher);
        // Not a lease yet; and a write that fails must not be the reason why it is tried again.
        if (!name?.endsWith(partialSuffix)) onChange();
      });
      watcher.on('error', () => this.#unwatch(watcher));
      this.#watcher = watcher;
      this.#unwatchable = false;
    } catch (error) {
      const text = 'leases cannot be watched, they are looked at more often';
      if (!this.#unwatchable) log.warn({ error: describe(error) }, text);
      this.#unwatchable = true;
    }
  }

  #unwatch(watcher: FSWatcher): void {
    watcher.close();
    if (this.#watcher === watcher) this.#watcher = undefined;
  }

  /** The disk may have room again. */
  #writeUnwritten(): void {
    const { folder, clock } = this.#deps;
    this.#unwritten = this.#unwritten.filter((lease) => {
      if (remainingMs(lease, clock) === 0) return false;
      try {
        writeLease(folder, lease);
        return false;
      } catch {
        return true;
      }
    });
  }
}

/** The holder is named, the reason is not: what people type stays out of everything that is kept. */
function statementOf({ id, holder, startedMonotonicMs, forMs }: Lease): Statement {
  const lifetime = forMs === undefined ? {} : { lifetimeMs: forMs };
  return {
    source: 'leases',
    key: id,
    says: 'busy',
    sinceMs: startedMonotonicMs,
    ...lifetime,
    what: `held by ${holder}`,
  };
}
