import type { Statement } from '../evidence.ts';
import type { Slot } from './calendar.ts';

/** A calendar as it was read, with every clock at that moment. */
export interface Reading {
  readonly slots: readonly Slot[];
  /** Up to when `slots` is complete, on the wall clock. */
  readonly horizonMs: number;
  readonly wallMs: number;
  readonly monotonicMs: number;
  /** The calendar's own date: when its file was written, or what its server's clock said. */
  readonly datedMs: number;
}

/** How long this timetable is believed, in milliseconds, and how far around each procedure it reaches. */
export interface Belief {
  readonly leadMs: number;
  readonly tailMs: number;
  /** A calendar that was dated longer ago says nothing about free time. */
  readonly maxAgeMs: number;
  /** Nor does one that was last read longer ago. */
  readonly readAgeMs: number;
}

/** A calendar may be dated so far ahead of this machine's clock; more, and one of the two is wrong. */
const aheadMs = 5 * 60_000;

/**
 * What a timetable says at one moment. Pure. `distrusted`: this machine's clock jumped, and nothing has been dated since:
 * then nobody knows what time it is, and a timetable without the time says nothing at all.
 */
export function sayOf(
  reading: Reading | undefined,
  now: { readonly wallMs: number; readonly monotonicMs: number; readonly distrusted: boolean },
  belief: Belief,
): Statement {
  const nothing = (what: string): Statement => ({
    ...{ source: 'timetable', key: 'timetable', says: 'nothing', sinceMs: now.monotonicMs, what },
  });
  if (!reading) return nothing('the timetable cannot be read.');
  if (now.distrusted) return nothing('the clock of this machine jumped, the timetable waits for a newer calendar.');
  const { leadMs, tailMs, maxAgeMs, readAgeMs } = belief;
  const current = reading.slots.filter(
    ({ fromMs, toMs }) => fromMs - leadMs <= now.wallMs && now.wallMs < toMs + tailMs,
  );
  if (current.length > 0) {
    const endsMs = Math.max(...current.map(({ toMs }) => toMs + tailMs));
    const lifetimeMs = endsMs - now.wallMs;
    const what = 'a procedure is in the timetable';
    // Named by its events: who sets one aside has not set aside the next.
    const key = `events from ${current.map(({ fromMs }) => fromMs).join(' ')}`;
    return { source: 'timetable', key, says: 'busy', sinceMs: now.monotonicMs, lifetimeMs, what };
  }
  if (now.wallMs - reading.datedMs > maxAgeMs) return nothing('the timetable is too old.');
  if (reading.datedMs - now.wallMs > aheadMs) return nothing('the timetable is dated ahead of this machine’s clock.');
  const nextMs = reading.slots.find(({ fromMs }) => fromMs - leadMs > now.wallMs)?.fromMs ?? Number.POSITIVE_INFINITY;
  const untilMs = Math.min(nextMs - leadMs, reading.horizonMs, reading.datedMs + maxAgeMs);
  // Counted from the reading: what was read before a sleep of the machine is void after it.
  const sinceMs = reading.monotonicMs;
  const lifetimeMs = Math.min(readAgeMs, untilMs - now.wallMs + (now.monotonicMs - sinceMs));
  return {
    source: 'timetable',
    key: 'timetable',
    says: 'free',
    sinceMs,
    lifetimeMs,
    what: 'no procedure is in the timetable',
  };
}
