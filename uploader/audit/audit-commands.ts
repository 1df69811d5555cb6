import { type AuditEntry, type AuditHead, chainHash } from '../../protocol/audit.ts';
import type { Statements } from '../statements.ts';

/** Longest record as JSON. Whoever makes records keeps them far below. */
const maxRecordBytes = 64 * 1024;

/** What became of a record: its place, its hash, and whether it was stored now or before. */
export interface Audited extends AuditHead {
  readonly isNew: boolean;
}

/** Changes of the audit log. There is no way to change or remove a record; the schema refuses both. */
export const auditCommands = {
  /** Appends a record. One that is stored already, by its id, is not stored again. */
  audit(sql: Statements, entry: AuditEntry): Audited {
    return appendAudit(sql, entry);
  },
} as const;

/** Gives a record its place and its hash, and stores it: the only place that extends the chain. */
export function appendAudit(sql: Statements, { record, why }: AuditEntry): Audited {
  const known = sql('SELECT seq, hash FROM audit WHERE id = ?').get(record.id) as AuditHead | undefined;
  if (known) return { ...known, isNew: false };
  const before = auditHead(sql);
  const seq = before.seq + 1;
  const text = JSON.stringify({ ...record, seq });
  if (text.length > maxRecordBytes) throw new RangeError(`an audit record has ${text.length} bytes`);
  const hash = chainHash(before.hash, text);
  sql('INSERT INTO audit (seq, id, record, why, hash) VALUES (?, ?, ?, ?, ?)').run(
    ...[seq, record.id, text, why ?? null, hash],
  );
  sql('UPDATE audit_head SET seq = ?, hash = ?').run(seq, hash);
  return { seq, hash, isNew: true };
}

/** How far the chain goes. */
export function auditHead(sql: Statements): AuditHead {
  return sql('SELECT seq, hash FROM audit_head').get() as AuditHead;
}
