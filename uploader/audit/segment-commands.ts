import { type AuditHead, firstHead } from '../../protocol/audit.ts';
import { storeItems } from '../outbox/store-items.ts';
import type { Statements } from '../statements.ts';

/** Bytes of records in one segment; with its first line it fits into an item. */
const segmentBytes = 192 * 1024;
const maxSegmentRecords = 1000;
/** What a record takes in the database beside its text and its reason: hash, id, index. */
const rowBytes = 200;

/** What came of looking for something to send. */
export interface CutSegment {
  /** Place of the last record that is in a segment now. */
  readonly lastSeq: number;
  readonly isFull: boolean;
}

interface Row {
  readonly seq: number;
  readonly record: string;
  readonly hash: string;
  readonly whyBytes: number;
}

/** The audit log on its way out: cut into segments, each an item of the outbox, and let go once they were delivered. */
export const segmentCommands = {
  /**
   * Makes the next segment of what is in none yet: an item of kind `audit`, whose body is a line that says what it is
   * (`{v, first, last, before, hash}`) and the records as they are hashed, one line each. Undefined: there is nothing.
   */
  cutAuditSegment(
    sql: Statements,
    { mark, at }: { readonly mark: string; readonly at: string },
  ): CutSegment | undefined {
    const before = segmentsEnd(sql);
    const rows = nextRows(sql, before.seq);
    const [first, last] = [rows.at(0), rows.at(-1)];
    if (!first || !last) return undefined;
    const head = { v: 1, first: first.seq, last: last.seq, before: before.hash, hash: last.hash };
    const body = Buffer.from(`${[JSON.stringify(head), ...rows.map(({ record }) => record)].join('\n')}\n`);
    const items = [{ kind: 'audit', bytes: body.length }] as const;
    const segment = storeItems(sql, { mark, at, items, bodies: body });
    const bytes = rows.reduce((sum, { record, whyBytes }) => sum + record.length + whyBytes + rowBytes, 0);
    sql(
      `INSERT INTO audit_segments (first_seq, last_seq, before, hash, bytes, item_id, state)
       VALUES (?, ?, ?, ?, ?, ?, 'queued')`,
    ).run(first.seq, last.seq, before.hash, last.hash, bytes, `itm-${mark}-${segment}-0`);
    return { lastSeq: last.seq, isFull: body.length > segmentBytes / 2 };
  },

  /**
   * While the log has more than `maxBytes`, lets go of its oldest segment: one that was delivered, of
   * records up to `throughSeq`, and no other. Answers
   * with the bytes that are left.
   */
  archiveAudit(
    sql: Statements,
    { maxBytes, throughSeq }: { readonly maxBytes: number; readonly throughSeq: number },
  ): number {
    for (let bytes = segmentsBytes(sql); ; bytes = segmentsBytes(sql)) {
      const oldest = sql(
        "SELECT first_seq, last_seq, state FROM audit_segments WHERE state <> 'archived' ORDER BY first_seq LIMIT 1",
      ).get() as { readonly first_seq: number; readonly last_seq: number; readonly state: string } | undefined;
      if (bytes <= maxBytes || oldest?.state !== 'delivered' || oldest.last_seq > throughSeq) return bytes;
      sql("UPDATE audit_segments SET state = 'archived' WHERE first_seq = ?").run(oldest.first_seq);
      sql('DELETE FROM audit WHERE seq BETWEEN ? AND ?').run(oldest.first_seq, oldest.last_seq);
    }
  },
} as const;

/** The items of a batch were delivered: what of the audit log is among them is at the receiver. */
export function deliverSegments(sql: Statements, batchSeq: number): void {
  sql(
    `UPDATE audit_segments SET state = 'delivered' WHERE state = 'queued' AND item_id IN (
       SELECT 'itm-' || mark || '-' || segment || '-' || n FROM outbox_items JOIN outbox_segments USING (segment)
       WHERE batch = ? AND kind = 'audit')`,
  ).run(batchSeq);
}

function segmentsEnd(sql: Statements): AuditHead {
  const last = sql('SELECT last_seq AS seq, hash FROM audit_segments ORDER BY first_seq DESC LIMIT 1').get();
  return (last as AuditHead | undefined) ?? firstHead;
}

function segmentsBytes(sql: Statements): number {
  const { bytes } = sql("SELECT sum(bytes) AS bytes FROM audit_segments WHERE state <> 'archived'").get() as {
    readonly bytes: number | null;
  };
  return bytes ?? 0;
}

function nextRows(sql: Statements, afterSeq: number): Row[] {
  const rows = sql(
    `SELECT seq, record, hash, coalesce(length(why), 0) AS whyBytes FROM audit WHERE seq > ? ORDER BY seq LIMIT ?`,
  ).all(afterSeq, maxSegmentRecords) as Row[];
  let bytes = 0;
  const fitting = rows.findIndex(({ record }) => {
    bytes += Buffer.byteLength(record) + 1;
    return bytes > segmentBytes;
  });
  return fitting < 0 ? rows : rows.slice(0, Math.max(1, fitting));
}
