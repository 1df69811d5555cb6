import type { SourceName } from '../../protocol/control.ts';
import { isFault, isFresh, type Statement } from './evidence.ts';

/**
 * Why an override is over: its time; a person; something said busy or maybe; the machine slept, or the leases could not
 * be read.
 */
export type OverrideEnd = 'ran out' | 'taken back' | 'outweighed' | 'void';

/**
 * A person's word that the room is free, against evidence that nobody can take back: an order that was never completed,
 * an event that was called off, a source that does not work. It lives in memory alone, so a restart ends it.
 */
export interface Override {
  readonly sinceMs: number;
  readonly lifetimeMs: number;
  /** What the person saw and set aside; whatever else is said counts. */
  readonly setsAside: readonly { readonly source: SourceName; readonly key: string }[];
}

/**
 * What a person may set aside: words about the room that came from outside (a plan, a message), and sources that cannot
 * see. Never what happens here and now: leases, a folder that grows, load, a machine that is on.
 */
export function canBeSetAside(statement: Statement): boolean {
  const { source } = statement;
  if (source === 'leases') return false;
  return source === 'hl7' || source === 'mpps' || source === 'timetable' || isFault(statement);
}

/** A message that is said again counts again; an event of a plan is said at every look, and stays aside. */
export function isSetAside(statement: Statement, override: Override): boolean {
  const { source, key, sinceMs } = statement;
  if (!canBeSetAside(statement)) return false;
  if (!override.setsAside.some((one) => one.source === source && one.key === key)) return false;
  return source === 'timetable' || isFault(statement) || sinceMs <= override.sinceMs;
}

/**
 * Whether an override counts at this look: the site allows it, it has not run out, and the leases were read since the
 * machine last slept and none is held. `maxMs`: the longest that the site allows; undefined, it allows none.
 */
export function isInForce(
  override: Override,
  at: {
    readonly nowMs: number;
    readonly voidUntilMs: number;
    readonly statements: readonly Statement[];
    readonly maxMs: number | undefined;
  },
): boolean {
  const { nowMs, voidUntilMs, statements, maxMs } = at;
  if (maxMs === undefined) return false;
  const lifetimeMs = Math.min(override.lifetimeMs, maxMs);
  const isAlive = isFresh({ ...statementOf(override), lifetimeMs }, nowMs) && override.sinceMs > voidUntilMs;
  const leases = statements.filter(({ source }) => source === 'leases');
  const areFree = leases.every((one) => one.says === 'free' && isFresh(one, nowMs) && one.sinceMs > voidUntilMs);
  return isAlive && leases.length > 0 && areFree;
}

/** The override as one more piece of evidence. */
export function statementOf({ sinceMs, lifetimeMs, setsAside }: Override): Statement {
  const names = [...new Set(setsAside.map(({ source }) => source))];
  const aside = names.length > 0 ? `, against ${names.join(', ')}` : '';
  const what = `a person says that the room is free${aside}`;
  return { source: 'override', key: 'override', says: 'free', sinceMs, lifetimeMs, what };
}
