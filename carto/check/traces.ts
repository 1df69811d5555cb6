import type { VisiTag } from '../study.ts';
import type { NumericTable } from '../table.ts';
import type { Samples } from './ablation-index.ts';

/** Rows of one session, by time. */
interface SessionRows {
  readonly times: Float64Array;
  readonly rows: Int32Array;
}

/** Rows between two times are found, not searched for: there are hundreds of thousands, and hundreds of lesions. */
export class Trace {
  readonly #table: NumericTable;
  readonly #sessions = new Map<string, SessionRows>();

  constructor(table: NumericTable, timeColumn: string) {
    this.#table = table;
    const times = table.column(timeColumn) ?? new Float64Array();
    const [sessions, channels] = [table.column('Session'), table.column('ChannelID')];
    const gathered = new Map<string, number[]>();
    for (let row = 0; row < times.length; row++) {
      const key = keyOf(sessions?.[row], channels?.[row]);
      const rows = gathered.get(key);
      if (rows) rows.push(row);
      else gathered.set(key, [row]);
    }
    for (const [key, rows] of gathered) {
      rows.sort((a, b) => (times[a] as number) - (times[b] as number));
      this.#sessions.set(key, {
        times: Float64Array.from(rows, (row) => times[row] as number),
        rows: Int32Array.from(rows),
      });
    }
  }

  /** Values of a column with their times, `fromMs` to `toMs` (both included) in one session. */
  between(
    column: string,
    of: { readonly session: number; readonly channel: number },
    fromMs: number,
    toMs: number,
  ): Samples {
    const session = this.#sessions.get(keyOf(of.session, of.channel));
    const all = this.#table.column(column);
    if (!session || !all) return { timesMs: new Float64Array(), values: new Float64Array() };
    const [from, to] = [firstNotBefore(session.times, fromMs), firstNotBefore(session.times, toMs + 0.5)];
    return {
      timesMs: session.times.slice(from, to),
      values: Float64Array.from(session.rows.subarray(from, to), (row) => all[row] as number),
    };
  }
}

/** A table without the column of channels has one channel, 0. */
function keyOf(session: number | undefined, channel: number | undefined): string {
  return `${session} ${channel ?? 0}`;
}

function firstNotBefore(times: Float64Array, at: number): number {
  let [low, high] = [0, times.length];
  while (low < high) {
    const middle = (low + high) >> 1;
    if ((times[middle] as number) < at) low = middle + 1;
    else high = middle;
  }
  return low;
}

/** The two traces that lesions are computed from, where they were exported. */
export function tracesOf(visiTag: VisiTag): { readonly force?: Trace; readonly ablation?: Trace } {
  const { contactForceData, ablationData } = visiTag;
  return {
    ...(contactForceData ? { force: new Trace(contactForceData, 'Time') } : {}),
    ...(ablationData ? { ablation: new Trace(ablationData, 'TimeStamp') } : {}),
  };
}
