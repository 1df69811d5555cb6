import type { Clock } from '../../core/clock.ts';
import type { Gate } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { Lease, ProcedureState, ProcedureStatus } from '../../protocol/control.ts';
import { nextState, opensGate, wordOf } from './detector.ts';
import { LeaseEvidence } from './lease-evidence.ts';
import { type LeaseWish, remainingMs } from './leases.ts';

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

/** Longest wait between two looks: while the gate is open, while nobody reports changes, while it is closed. */
const lookWhileOpenMs = 5_000;
const lookUnwatchedMs = 1_000;
const lookWhileClosedMs = 60_000;
const lookAtFaultMs = 10_000;
const unreadable =
  'The leases cannot be read, so nobody knows. Check their folder; `procedure start`, then `stop`, makes it anew.';
/** A look that comes so much later than it was due: this process was stopped, and saw nothing meanwhile. */
const sleptMs = 2_000;

/**
 * Watches the evidence and works the gate. Only a fresh reading of the evidence can open it; anything that fails
 * closes it. It starts closed, and `start` reads before the gate may open for the first time.
 */
export class ProcedureWatch implements Service {
  readonly name = 'procedure';
  readonly #deps: Deps;
  readonly #evidence: LeaseEvidence;
  #state: ProcedureState = 'unknown';
  #since: Date;
  #freeSinceMs: number | undefined;
  #leases: readonly Lease[] = [];
  #timer = new AbortController();
  #dueMs = Number.POSITIVE_INFINITY;
  #failed = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.#since = deps.clock.now();
    const { leaseFolder: folder, clock, log } = deps;
    this.#evidence = new LeaseEvidence({ folder, clock, log, onChange: () => this.look() });
  }

  async start(): Promise<void> {
    this.#evidence.create();
    this.look();
  }

  async stop(): Promise<void> {
    this.#timer.abort();
    this.#evidence.stop();
    this.#deps.gate.close();
  }

  /**
   * Takes a lease. The gate closes before anything else happens; the lease is durable when this returns. When it
   * throws LEASE_NOT_WRITTEN the gate stays closed all the same, until the holder releases it or the daemon ends.
   */
  take(wish: LeaseWish): Lease {
    this.#deps.gate.close();
    try {
      return this.#evidence.take(wish);
    } finally {
      this.look();
    }
  }

  /** Releases the holder's leases; the gate opens after the cool-down if nobody else holds one. */
  release(holder: string): readonly Lease[] {
    try {
      return this.#evidence.release(holder);
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
    const { clock, coolDownMs, authorities } = this.#deps;
    const free = this.#read() && this.#leases.length === 0 && authorities.includes('leases');
    const nowMs = clock.monotonicMs();
    if (!free || nowMs > this.#dueMs + sleptMs) this.#freeSinceMs = undefined;
    if (free) this.#freeSinceMs ??= nowMs;
    const freeForMs = nowMs - (this.#freeSinceMs ?? nowMs);
    const word = wordOf({ busy: this.#leases.length, authoritiesFree: free ? 1 : 0, freeForMs, coolDownMs });
    this.#become(nextState(this.#state, word));
    if (this.#state === 'settling' && word === 'cooled') this.#become(nextState(this.#state, word));
    this.#lookAgainIn(this.#nextLookMs(freeForMs));
  }

  #read(): boolean {
    try {
      this.#leases = this.#evidence.read();
      this.#failed = false;
      return true;
    } catch (error) {
      if (!this.#failed) this.#deps.log.error({ error: describe(error) }, 'leases unreadable, gate stays closed');
      this.#failed = true;
      this.#leases = this.#evidence.unwritten;
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

  #lookAgainIn(ms: number): void {
    const { clock } = this.#deps;
    this.#timer.abort();
    const timer = new AbortController();
    this.#timer = timer;
    this.#dueMs = clock.monotonicMs() + ms;
    clock.sleep(ms, timer.signal).then(
      () => this.look(),
      () => {},
    );
  }

  #nextLookMs(freeForMs: number): number {
    const expiries = this.#leases.flatMap((lease) => remainingMs(lease, this.#deps.clock) ?? []);
    const cooling = this.#state === 'settling' ? [this.#deps.coolDownMs - freeForMs] : [];
    return Math.max(1, Math.min(this.#longestWaitMs(), ...expiries, ...cooling));
  }

  #longestWaitMs(): number {
    if (this.#failed || this.#evidence.unwritten.length > 0) return lookAtFaultMs;
    if (!this.#deps.gate.isOpen) return lookWhileClosedMs;
    return this.#evidence.isWatched ? lookWhileOpenMs : lookUnwatchedMs;
  }

  #why(): string {
    switch (this.#state) {
      case 'idle':
        return 'No lease is held and the cool-down is over.';
      case 'settling':
        return `No lease is held; the cool-down of ${this.#deps.coolDownMs / 1000} s runs.`;
      case 'unknown':
        return this.#failed ? unreadable : 'No authority has said yet that the room is free.';
      case 'suspected':
      case 'active':
        return this.#leases.map((lease) => `${lease.holder}: ${lease.reason}`).join('; ');
    }
  }
}
