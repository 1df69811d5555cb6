import type { Clock } from '../../core/clock.ts';
import type { Gate } from '../../core/gate.ts';
import type { Service } from '../../core/lifecycle.ts';
import { describe, type Log } from '../../core/log.ts';
import type { Authority, Lease, ProcedureState, ProcedureStatus } from '../../protocol/control.ts';
import { ClosedSpell } from './closed-spell.ts';
import { firstMemory, type Memory, opensGate, type Rules, sleptMs, step } from './detector.ts';
import { ageMs, type EvidenceSource, isFault, remainsMs, type Statement } from './evidence.ts';
import type { History } from './history.ts';
import { LeaseEvidence } from './lease-evidence.ts';
import type { LeaseWish } from './leases.ts';
import { type Override, type OverrideEnd, statementOf } from './override.ts';
import { plannedOverride } from './plan-override.ts';
import type { MakeSources } from './sources.ts';
import { suspendedMs } from './suspension.ts';
import { lineOf, opensInMs, sentence } from './why.ts';

interface Deps {
  readonly gate: Gate;
  readonly clock: Clock;
  readonly log: Log;
  readonly leaseFolder: string;
  readonly authorities: readonly Authority[];
  readonly coolDownMs: number;
  readonly onChange: (status: ProcedureStatus) => void;
  /** Evidence beside the leases, started and stopped with the watch. Each calls `look` when it says something else. */
  readonly sources?: MakeSources;
  readonly history?: History;
  /** The gate closed for longer than this is an alarm, nothing else. */
  readonly stuckMs?: number;
  /** The longest override that the site allows; absent: none. */
  readonly overrideMaxMs?: number | undefined;
  readonly onOverrideEnd?: (how: OverrideEnd) => void;
  /** See `suspension.ts`; tests put a machine here that sleeps when told. */
  readonly suspendedMs?: () => number;
}

/** Longest wait between two looks: while the gate is open, while nobody reports changes, while it is closed. */
const lookWhileOpenMs = 5_000;
const lookUnwatchedMs = 1_000;
const lookWhileClosedMs = 60_000;
const lookAtFaultMs = 10_000;
const unreadable =
  'the leases cannot be read, so nobody knows. Check their folder; `procedure start`, then `stop`, makes it anew.';

/**
 * Watches the evidence and works the gate. Only a fresh reading of the evidence can open it; anything that fails
 * closes it. It starts closed, and `start` reads before the gate may open for the first time.
 */
export class ProcedureWatch implements Service {
  readonly name = 'procedure';
  readonly #deps: Deps;
  readonly #rules: Rules;
  readonly #evidence: LeaseEvidence;
  readonly #sources: readonly EvidenceSource[];
  readonly #closed: ClosedSpell;
  #memory: Memory = firstMemory;
  #since: Date;
  #leases: readonly Lease[] = [];
  #statements: readonly Statement[] = [];
  #recorded: string | undefined;
  #overrideReason = '';
  #timer = new AbortController();
  #failed = false;
  readonly #silenced = new Set<string>();

  constructor(deps: Deps) {
    this.#deps = deps;
    const { leaseFolder: folder, clock, log, authorities, coolDownMs, stuckMs, overrideMaxMs } = deps;
    this.#rules = { authorities, coolDownMs, overrideMaxMs };
    this.#since = clock.now();
    this.#evidence = new LeaseEvidence({ folder, clock, log, onChange: () => this.look() });
    this.#sources = deps.sources?.(() => this.look(), this) ?? [];
    this.#closed = new ClosedSpell(clock, stuckMs ?? Number.POSITIVE_INFINITY, deps.history?.read() ?? []);
  }

  async start(signal: AbortSignal = new AbortController().signal): Promise<void> {
    this.#evidence.create();
    for (const source of this.#sources) await source.start(signal);
    this.look();
  }

  async stop(): Promise<void> {
    this.#timer.abort();
    this.#evidence.stop();
    this.#deps.gate.close();
    for (const source of this.#sources.toReversed()) await source.stop();
    this.#timer.abort();
    this.#deps.gate.close();
  }

  /**
   * Takes a lease. The gate closes before anything else happens; the lease is durable when this returns. When it
   * throws LEASE_NOT_WRITTEN the gate stays closed all the same, until the holder releases it or the daemon ends.
   */
  take(wish: LeaseWish): Lease {
    return this.#takeWith(() => this.#evidence.take(wish));
  }

  /** The same, in place of what the holder has: a button that is pressed again goes on for its whole time. */
  renew(wish: LeaseWish): Lease {
    return this.#takeWith(() => this.#evidence.renew(wish));
  }

  #takeWith(take: () => Lease): Lease {
    this.#deps.gate.close();
    try {
      return take();
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

  /**
   * What an override would set aside now. Throws OVERRIDE_NOT_ALLOWED where the site's file does not allow it for so
   * long, OVERRIDE_REFUSED while something says busy that nobody may set aside.
   */
  planOverride(forMs: number): Override {
    this.look();
    const nowMs = this.#deps.clock.monotonicMs();
    return plannedOverride(this.#statements, this.#memory, this.#rules, { forMs, nowMs });
  }

  /** From now on the person's word counts, until anything new speaks against it. The cool-down runs first. */
  override(planned: Override, reason: string): void {
    this.#memory = { ...this.#memory, override: planned };
    this.#overrideReason = reason;
    this.look();
  }

  /** Takes the word back, if one counts. */
  endOverride(): void {
    const { override, ...memory } = this.#memory;
    if (!override) return;
    this.#memory = memory;
    this.#deps.onOverrideEnd?.('taken back');
    this.look();
  }

  get status(): ProcedureStatus {
    const nowMs = this.#deps.clock.monotonicMs();
    const lines = this.#statements.map((one) => lineOf(one, nowMs, this.#memory, this.#rules));
    const reasons = this.#leases.map(({ holder, reason }) => `${holder}: ${reason}`);
    const earliestMs = opensInMs(this.#memory, this.#statements, nowMs, this.#rules);
    const { state } = this.#memory;
    const stuck = this.#closed.alarm(nowMs);
    const faults = this.#statements.filter(isFault).map(({ source, what }) => ({ source, what }));
    return {
      state,
      gate: this.#deps.gate.isOpen ? 'open' : 'closed',
      since: this.#since.toISOString(),
      leases: this.#leases,
      why: sentence(state, lines, { coolDownMs: this.#rules.coolDownMs, reasons }),
      authorities: this.#rules.authorities,
      evidence: lines,
      ...(earliestMs === undefined ? {} : { opensInMs: Math.round(earliestMs) }),
      ...(stuck ? { stuck } : {}),
      ...this.#overrideStatus(nowMs),
      ...(faults.length > 0 ? { faults } : {}),
    };
  }

  #overrideStatus(nowMs: number): Pick<ProcedureStatus, 'override'> {
    const { override } = this.#memory;
    if (!override) return {};
    const said = statementOf(override);
    return {
      override: {
        since: new Date(this.#deps.clock.now().getTime() - ageMs(said, nowMs)).toISOString(),
        remainingMs: Math.round(remainsMs(said, nowMs)),
        reason: this.#overrideReason,
        setsAside: [...new Set(override.setsAside.map(({ source }) => source))],
      },
    };
  }

  /** Reads all evidence, moves the state, works the gate, and sets the time of the next look. */
  look(): void {
    const { clock } = this.#deps;
    this.#readLeases();
    const nowMs = clock.monotonicMs();
    this.#statements = [...this.#leaseStatements(nowMs), ...this.#sources.flatMap((source) => this.#ask(source))];
    const reading = {
      nowMs,
      suspendedMs: this.#deps.suspendedMs?.() ?? suspendedMs(clock),
      statements: this.#statements,
    };
    const before = this.#memory;
    this.#become(step(before, reading, this.#rules));
    if (this.#memory.state === 'settling') this.#become(step(this.#memory, reading, this.#rules));
    const hasSlept = reading.suspendedMs > before.suspendedMs + sleptMs;
    if (hasSlept) for (const source of this.#sources) source.refresh?.();
    // What was said until now is void, the silence of the leases too: it is read again.
    this.#lookAgainIn(hasSlept ? 1 : this.#nextLookMs(nowMs));
  }

  #readLeases(): void {
    try {
      this.#leases = this.#evidence.read();
      this.#failed = false;
    } catch (error) {
      if (!this.#failed) this.#deps.log.error({ error: describe(error) }, 'leases unreadable, gate stays closed');
      this.#failed = true;
      this.#leases = this.#evidence.unwritten;
    }
  }

  /** When the leases cannot be read those that are known still hold, and their silence means nothing. */
  #leaseStatements(nowMs: number): readonly Statement[] {
    if (!this.#failed) return LeaseEvidence.statements(this.#leases, nowMs);
    const known = this.#leases.length > 0 ? LeaseEvidence.statements(this.#leases, nowMs) : [];
    return [...known, { source: 'leases', key: 'fault', says: 'nothing', sinceMs: nowMs, what: unreadable }];
  }

  /** A source that fails says nothing, and stops nobody. */
  #ask(source: EvidenceSource): readonly Statement[] {
    const { log, clock } = this.#deps;
    try {
      const said = source.statements();
      this.#silenced.delete(source.name);
      return said;
    } catch (error) {
      if (!this.#silenced.has(source.name)) {
        log.error({ source: source.name, error: describe(error) }, 'source of evidence failed, it says nothing');
      }
      this.#silenced.add(source.name);
      const what = `the source ${source.name} failed.`;
      return [{ source: source.name, key: 'fault', says: 'nothing', sinceMs: clock.monotonicMs(), what }];
    }
  }

  #become(memory: Memory): void {
    const { gate, clock, log, onChange } = this.#deps;
    const before = this.#memory.state;
    const { state } = memory;
    this.#noteOverride(this.#memory.override, memory);
    this.#memory = memory;
    if (opensGate(state)) gate.open();
    else gate.close();
    const gateWord = gate.isOpen ? 'open' : 'closed';
    const alarmed = this.#closed.note(gate.isOpen, clock.monotonicMs());
    if (state !== before) this.#since = clock.now();
    this.#record(before);
    if (state !== before) {
      log.info({ state, gate: gateWord, leases: this.#leases.length }, 'procedure state changed');
    }
    if (alarmed) log.warn({ state }, 'gate closed for longer than the site expects');
    if (state !== before || alarmed) onChange(this.status);
  }

  /** The word counts, and is shown as evidence, or ended at this look. */
  #noteOverride(before: Override | undefined, { override, state }: Memory): void {
    const { clock, log, onOverrideEnd } = this.#deps;
    this.#statements = this.#statements.filter(({ source }) => source !== 'override');
    if (override) this.#statements = [...this.#statements, statementOf(override)];
    if (!before || override) return;
    const isOver = before.sinceMs + before.lifetimeMs <= clock.monotonicMs();
    const how = isOver ? 'ran out' : state === 'active' || state === 'suspected' ? 'outweighed' : 'void';
    log.warn({ how }, 'override ended');
    onOverrideEnd?.(how);
  }

  /** Writes a line of history when state or evidence changed; ages alone are no change. */
  #record(from: ProcedureState): void {
    const { history, clock, gate } = this.#deps;
    const { state } = this.#memory;
    const said = this.#statements.map(({ source, key, says, what }) => [source, key, says, what]);
    const signature = JSON.stringify([state, said]);
    if (!history || signature === this.#recorded) return;
    const nowMs = clock.monotonicMs();
    history.append({
      ...{ at: clock.now().toISOString(), bootId: clock.bootId, monotonicMs: nowMs, from, state },
      gate: gate.isOpen ? 'open' : 'closed',
      ...(this.#recorded === undefined ? { started: true } : {}),
      evidence: this.#statements.map((one) => ({
        ...{ source: one.source, key: one.key, says: one.says, what: one.what, ageMs: ageMs(one, nowMs) },
        ...(one.lifetimeMs === undefined ? {} : { lifetimeMs: one.lifetimeMs }),
      })),
    });
    this.#recorded = signature;
  }

  #lookAgainIn(ms: number): void {
    const { clock } = this.#deps;
    this.#timer.abort();
    const timer = new AbortController();
    this.#timer = timer;
    this.#memory = { ...this.#memory, dueMs: clock.monotonicMs() + ms };
    clock.sleep(ms, timer.signal).then(
      () => this.look(),
      () => {},
    );
  }

  #nextLookMs(nowMs: number): number {
    const remains = this.#statements.map((one) => remainsMs(one, nowMs)).filter((ms) => ms > 0);
    const { state, freeSinceMs } = this.#memory;
    const cooling = state === 'settling' ? [this.#rules.coolDownMs - (nowMs - (freeSinceMs ?? nowMs))] : [];
    return Math.max(1, Math.min(this.#longestWaitMs(), ...remains, ...cooling, this.#closed.untilAlarmMs(nowMs)));
  }

  #longestWaitMs(): number {
    if (this.#failed || this.#evidence.unwritten.length > 0) return lookAtFaultMs;
    if (!opensGate(this.#memory.state)) return lookWhileClosedMs;
    return this.#evidence.isWatched ? lookWhileOpenMs : lookUnwatchedMs;
  }
}
