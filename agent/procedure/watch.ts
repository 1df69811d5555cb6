import { type FSWatcher, mkdirSync, watch } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import type { Gate } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { Lease, ProcedureState, ProcedureStatus } from '../../protocol/control.ts';
import { nextState, opensGate, wordOf } from './detector.ts';
import { refreshLeases, releaseLeases, remainingMs, takeLease } from './leases.ts';

/** `leases`: this room presses the button for every case, so no lease means free. */
export type Authority = 'leases';

interface Deps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseFolder: string;
  readonly authorities: readonly Authority[];
  readonly coolDownMs: number;
  readonly onChange: (status: ProcedureStatus) => void;
}

/** Longest wait between two looks, so that a lost file-system event delays nothing for ever. */
const longestWaitMs = 60_000;

/**
 * Watches the evidence and works the gate. Only a fresh reading of the evidence can open it; anything that fails
 * closes it. It starts closed, and `start` reads before the gate may open for the first time.
 */
export class ProcedureWatch implements Service {
  readonly name = 'procedure';
  readonly #deps: Deps;
  #state: ProcedureState = 'unknown';
  #since: Date;
  #freeSinceMs: number | undefined;
  #leases: readonly Lease[] = [];
  #watcher: FSWatcher | undefined;
  #timer: NodeJS.Timeout | undefined;
  #failed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#since = deps.clock.now();
  }

  async start(): Promise<void> {
    mkdirSync(this.#deps.leaseFolder, { recursive: true, mode: 0o770 });
    this.#watcher = watch(this.#deps.leaseFolder, () => this.look());
    this.#watcher.on('error', () => this.look());
    this.look();
  }

  async stop(): Promise<void> {
    clearTimeout(this.#timer);
    this.#watcher?.close();
    this.#deps.gate.close();
  }

  /** Takes a lease. The gate closes before anything else happens; the lease is durable when this returns. */
  take(wish: { readonly holder: string; readonly reason: string; readonly forMs?: number }): Lease {
    this.#deps.gate.close();
    try {
      return takeLease(this.#deps.leaseFolder, wish, this.#deps.clock);
    } finally {
      this.look();
    }
  }

  /** Releases the holder's leases; the gate opens after the cool-down if nobody else holds one. */
  release(holder: string): readonly Lease[] {
    try {
      return releaseLeases(this.#deps.leaseFolder, holder);
    } finally {
      this.look();
    }
  }

  get status(): ProcedureStatus {
    return {
      state: this.#state,
      gate: this.#deps.gate.isOpen ? 'open' : 'closed',
      since: this.#since.toISOString(),
      leases: this.#leases,
      why: this.#why(),
    };
  }

  /** Reads all evidence, moves the state, works the gate, and sets the time of the next look. */
  look(): void {
    clearTimeout(this.#timer);
    const { clock, coolDownMs, authorities } = this.#deps;
    const readable = this.#read();
    const free = readable && this.#leases.length === 0 && authorities.includes('leases');
    this.#freeSinceMs = free ? (this.#freeSinceMs ?? clock.monotonicMs()) : undefined;
    const freeForMs = this.#freeSinceMs === undefined ? 0 : clock.monotonicMs() - this.#freeSinceMs;
    const word = wordOf({ busy: this.#leases.length, authoritiesFree: free ? 1 : 0, freeForMs, coolDownMs });
    this.#become(nextState(this.#state, word));
    if (this.#state === 'settling' && word === 'cooled') this.#become(nextState(this.#state, word));
    this.#timer = setTimeout(() => this.look(), this.#nextLookMs(freeForMs));
    this.#timer.unref();
  }

  #read(): boolean {
    try {
      this.#leases = refreshLeases(this.#deps.leaseFolder, this.#deps.clock);
      this.#failed = false;
      return true;
    } catch (error) {
      if (!this.#failed) this.#deps.log.error({ error: describe(error) }, 'leases unreadable, gate stays closed');
      this.#failed = true;
      return false;
    }
  }

  #become(state: ProcedureState): void {
    if (opensGate(state)) this.#deps.gate.open();
    else this.#deps.gate.close();
    if (state === this.#state) return;
    this.#state = state;
    this.#since = this.#deps.clock.now();
    this.#deps.log.info(
      { state, gate: this.#deps.gate.isOpen ? 'open' : 'closed', leases: this.#leases.length },
      'procedure state changed',
    );
    this.#deps.onChange(this.status);
  }

  #nextLookMs(freeForMs: number): number {
    const expiries = this.#leases.map((lease) => remainingMs(lease, this.#deps.clock) ?? longestWaitMs);
    const cooling = this.#state === 'settling' ? [this.#deps.coolDownMs - freeForMs] : [];
    return Math.max(1, Math.min(longestWaitMs, ...expiries, ...cooling));
  }

  #why(): string {
    switch (this.#state) {
      case 'idle':
        return 'No lease is held and the cool-down is over.';
      case 'settling':
        return `No lease is held; the cool-down of ${this.#deps.coolDownMs / 1000} s runs.`;
      case 'unknown':
        return this.#failed ? 'The leases cannot be read.' : 'No authority has said yet that the room is free.';
      case 'suspected':
      case 'active':
        return this.#leases.map((lease) => `${lease.holder}: ${lease.reason}`).join('; ');
    }
  }
}
