import type { Says, SourceName } from '../../protocol/control.ts';

/**
 * One thing that one source says about the room. Never patient data: `what` is made of fixed words and counts.
 * A statement with the same source and key replaces the earlier one.
 */
export interface Statement {
  readonly source: SourceName;
  /** What it is about within the source: a lease's id, a step's digest. */
  readonly key: string;
  readonly says: Says;
  /** When it was made or last affirmed: monotonic milliseconds of this boot. */
  readonly sinceMs: number;
  /** How long it counts from `sinceMs`. Absent: until its source takes it back. */
  readonly lifetimeMs?: number;
  readonly what: string;
}

/**
 * A source of evidence. `statements` is cheap, reads no network and may throw, which counts as saying nothing; what has
 * run out may still be in it. A source calls its `onChange` at once when it says something else.
 */
export interface EvidenceSource {
  readonly name: SourceName;
  start(signal: AbortSignal): Promise<void>;
  stop(): Promise<void>;
  statements(): readonly Statement[];
  /** The machine slept, or its wall clock jumped: what was known may be old. */
  refresh?(): void;
}

/**
 * Milliseconds that a statement still counts, `Infinity` when it has no end. One that lies ahead on this clock counts
 * no longer than it would have from now.
 */
export function remainsMs(statement: Statement, nowMs: number): number {
  if (statement.lifetimeMs === undefined) return Number.POSITIVE_INFINITY;
  return Math.max(0, statement.lifetimeMs - ageMs(statement, nowMs));
}

export function ageMs(statement: Statement, nowMs: number): number {
  return Math.max(0, nowMs - statement.sinceMs);
}

export function isFresh(statement: Statement, nowMs: number): boolean {
  return remainsMs(statement, nowMs) > 0;
}

/** The source does not work: it cannot say anything, or says `maybe` because it cannot see. People have to look. */
export function isFault({ says, key }: Statement): boolean {
  return says === 'nothing' || key.startsWith('fault');
}
