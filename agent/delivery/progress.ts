/** What stands between something that is owed and its delivery. `none`: nothing that is known here. */
export type Hindrance = 'gate-closed' | 'no-link' | 'outside-windows' | 'refused' | 'none';

/** Something that is owed to the cloud side: a batch that is made, or all that waits for a batch of its own. */
export interface Owed {
  readonly key: string;
  /** Since when. Wall clock, ISO 8601. */
  readonly since: string;
  /** Changes with every step towards its receipt, and with nothing else. */
  readonly mark: string;
  readonly hindrance: Hindrance;
}

/** How something that is owed has stood still: since when, and what stood in its way for how long. */
export interface Stall {
  readonly mark: string;
  /** For people. Wall clock, ISO 8601. */
  readonly since: string;
  /** On the monotonic clock; before the start of this process where the ledger knew of it already. */
  readonly sinceMs: number;
  readonly spentMs: Readonly<Partial<Record<Hindrance, number>>>;
}

export interface Progress {
  readonly atMs: number;
  readonly stalls: ReadonlyMap<string, Stall>;
}

/** One look. Without `owed` (the gate is closed, nothing is read) what was known stands still behind the gate. */
export interface Look {
  readonly atMs: number;
  /** Wall clock, milliseconds. */
  readonly wallMs: number;
  readonly owed?: readonly Owed[];
  /** When the last receipt was taken, if ever. ISO 8601. */
  readonly lastReceiptAt?: string | undefined;
}

/** Of the time before this process started, so much is left to be seen by itself before there is an alarm. */
const seenMs = 3_600_000;

/**
 * What is known after another look. Time counts on the monotonic clock; the wall clock is asked once, for how long
 * something had been owed when the process started.
 */
export function afterLook(before: Progress | undefined, look: Look, alarmMs: number): Progress {
  const { atMs, owed } = look;
  const passedMs = before ? atMs - before.atMs : 0;
  if (!owed) {
    const known = [...(before?.stalls ?? [])];
    return { atMs, stalls: new Map(known.map(([key, stall]) => [key, spent(stall, 'gate-closed', passedMs)])) };
  }
  const stalls = owed.map((one): [string, Stall] => {
    const known = before?.stalls.get(one.key);
    if (known?.mark === one.mark) return [one.key, spent(known, one.hindrance, passedMs)];
    return [one.key, before ? startedNow(one, look) : startedEarlier(one, look, alarmMs)];
  });
  return { atMs, stalls: new Map(stalls) };
}

/** The stall that has lasted longest. */
export function longestStall({ stalls }: Progress): Stall | undefined {
  return [...stalls.values()].toSorted((a, b) => a.sinceMs - b.sinceMs)[0];
}

/** What stood in the way for the longest time. */
export function causeOf({ spentMs }: Stall): Hindrance {
  const [longest] = Object.entries(spentMs).toSorted(([, a], [, b]) => b - a);
  return (longest?.[0] as Hindrance | undefined) ?? 'none';
}

function spent(stall: Stall, on: Hindrance, ms: number): Stall {
  return { ...stall, spentMs: { ...stall.spentMs, [on]: (stall.spentMs[on] ?? 0) + ms } };
}

function startedNow({ mark, hindrance }: Owed, { atMs, wallMs }: Look): Stall {
  return { mark, since: new Date(wallMs).toISOString(), sinceMs: atMs, spentMs: { [hindrance]: 0 } };
}

/** It was owed before this process started, or its last step was the last receipt. */
function startedEarlier({ mark, since, hindrance }: Owed, look: Look, alarmMs: number): Stall {
  const { atMs, wallMs, lastReceiptAt = since } = look;
  const from = lastReceiptAt > since ? lastReceiptAt : since;
  const ageMs = Math.max(0, wallMs - Date.parse(from));
  const countedMs = Math.min(ageMs, Math.max(0, alarmMs - seenMs));
  return { mark, since: from, sinceMs: atMs - countedMs, spentMs: { [hindrance]: 0 } };
}
