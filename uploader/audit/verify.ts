import { sha256 } from '../../core/digest.ts';
import { type AuditHead, chainHash, firstHead } from '../../protocol/audit.ts';

/** A record as it is stored. */
export interface AuditRow {
  readonly seq: number;
  readonly id: string;
  readonly record: string;
  readonly why: Uint8Array | null;
  readonly hash: string;
}

/** A segment as it is stored: what the chain was before its first record and after its last. */
export interface SegmentRow {
  readonly firstSeq: number;
  readonly lastSeq: number;
  readonly before: string;
  readonly hash: string;
  readonly state: string;
}

/** What was found first. `reordered`: the record that stands here belongs somewhere else. */
export interface AuditFault {
  readonly kind: 'altered' | 'missing' | 'reordered';
  readonly seq: number;
  /** For people. */
  readonly what: string;
}

export type AuditVerdict =
  | { readonly ok: true; readonly records: number; readonly archived: number; readonly head: AuditHead }
  | { readonly ok: false; readonly fault: AuditFault };

/** A stored chain and all that is known about it. */
export interface StoredChain {
  /** In the order of `seq`. */
  readonly rows: Iterable<AuditRow>;
  /** In the order of `firstSeq`. */
  readonly segments: readonly SegmentRow[];
  readonly head: AuditHead;
  /** Heads that were said elsewhere: signed with a batch. */
  readonly heads: readonly AuditHead[];
}

/**
 * Walks a chain from its beginning, over what was archived, to its head. Finds any change to records or head that does
 * not make the whole rest of the chain anew; that is found as soon as one head from elsewhere is known.
 */
export function verifyChain({ rows, segments, head, heads }: StoredChain): AuditVerdict {
  const archived = archivedHead(segments);
  if ('kind' in archived) return { ok: false, fault: archived };
  const expected = new Map([...segments.map(({ lastSeq: seq, hash }) => ({ seq, hash })), ...heads].map(bySeq));
  let last: AuditHead = archived;
  let records = 0;
  for (const row of rows) {
    const fault = faultOf(row, last, expected.get(row.seq));
    if (fault) return { ok: false, fault };
    last = { seq: row.seq, hash: row.hash };
    records += 1;
  }
  const fault = endFault(last, head, heads);
  return fault ? { ok: false, fault } : { ok: true, records, archived: archived.seq, head: last };
}

function bySeq({ seq, hash }: AuditHead): [number, string] {
  return [seq, hash];
}

/** How far the archived segments go: they stand at the beginning, without a gap. */
function archivedHead(segments: readonly SegmentRow[]): AuditHead | AuditFault {
  let last: AuditHead = firstHead;
  for (const { firstSeq, lastSeq, before, hash, state } of segments) {
    if (state !== 'archived') break;
    if (firstSeq !== last.seq + 1) return missing(last.seq + 1, 'the segment that begins here is not known');
    if (before !== last.hash || lastSeq < firstSeq)
      return altered(firstSeq, 'the segment that begins here was altered');
    last = { seq: lastSeq, hash };
  }
  return last;
}

function faultOf(row: AuditRow, last: AuditHead, expected: string | undefined): AuditFault | undefined {
  const seq = last.seq + 1;
  if (row.seq !== seq) return missing(seq, `record ${seq} is missing; ${row.seq} follows ${last.seq}`);
  const own = ownWords(row.record);
  if (own.seq !== undefined && own.seq !== seq) {
    return { kind: 'reordered', seq, what: `where record ${seq} belongs stands record ${own.seq}` };
  }
  const isWhole = chainHash(last.hash, row.record) === row.hash && own.id === row.id;
  if (!isWhole || (expected !== undefined && expected !== row.hash)) return altered(seq, `record ${seq} was altered`);
  const why = row.why === null ? undefined : sha256(row.why);
  return why === own.whySha256 ? undefined : altered(seq, `the reason of record ${seq} was altered or removed`);
}

function ownWords(text: string): { readonly seq?: number; readonly id?: string; readonly whySha256?: string } {
  try {
    return (JSON.parse(text) ?? {}) as { readonly seq?: number; readonly id?: string; readonly whySha256?: string };
  } catch {
    return {};
  }
}

function endFault(last: AuditHead, head: AuditHead, heads: readonly AuditHead[]): AuditFault | undefined {
  const furthest = Math.max(head.seq, ...heads.map(({ seq }) => seq));
  if (last.seq < furthest) return missing(last.seq + 1, `the records from ${last.seq + 1} to ${furthest} are missing`);
  if (last.seq > head.seq) return altered(head.seq + 1, `there are records after ${head.seq}, where the log ends`);
  return last.hash === head.hash ? undefined : altered(last.seq, `the end of the log does not fit record ${last.seq}`);
}

function missing(seq: number, what: string): AuditFault {
  return { kind: 'missing', seq, what };
}

function altered(seq: number, what: string): AuditFault {
  return { kind: 'altered', seq, what };
}
