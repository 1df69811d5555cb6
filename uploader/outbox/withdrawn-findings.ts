import { caseOfFindings } from '../../protocol/findings-case.ts';
import type { Statements } from '../statements.ts';
import type { ItemPlace } from './plan-items.ts';
import { blankItem, bodyAt, dropEmptySegments } from './store-items.ts';

interface Row extends ItemPlace {
  readonly bytes: number;
  /** Of a batch whose manifest is not fixed: its number. */
  readonly open: number | null;
}

/**
 * Findings that a withdrawal can still reach here: queued, parked, or in a batch that nobody was told of, or that was
 * refused. What was announced is awaited: its receipt is the next link of the chain, and the receiver erases it.
 */
const within = `
  SELECT segment, n, bytes, NULL AS open FROM outbox_items
    WHERE kind = 'findings' AND batch IS NULL AND parked IS NULL
  UNION ALL SELECT segment, n, bytes, NULL FROM outbox_items WHERE kind = 'findings' AND parked IS NOT NULL
  UNION ALL SELECT segment, n, bytes, iif(state = 'uploading', seq, NULL) FROM outbox_items JOIN batches ON seq = batch
    WHERE kind = 'findings' AND tier = 'items' AND state IN ('uploading', 'refused')`;

/** Erases findings of withdrawn cases from the outbox. A batch that was being made of them is dissolved: it travels anew. */
export function eraseWithdrawnFindings(sql: Statements): void {
  const rows = sql(within).all() as Row[];
  if (rows.length === 0) return;
  const isWithdrawn = sql("SELECT 1 FROM cases WHERE case_id = ? AND stage = 'withdrawn'");
  for (const { open, ...place } of rows) {
    const caseId = caseOfFindings(bodyAt(sql, place) ?? new Uint8Array());
    if (caseId === undefined || isWithdrawn.get(caseId) === undefined) continue;
    if (open !== null) dissolveItems(sql, open);
    eraseItem(sql, place);
  }
}

/** The manifest of a batch is fixed: from now on the findings in it may be at the receiver. */
export function noteFindingsSent(sql: Statements, batchId: string): void {
  const places = sql(
    `SELECT segment, n FROM outbox_items
     WHERE batch = (SELECT seq FROM batches WHERE batch_id = ?) AND kind = 'findings'`,
  ).all(batchId) as ItemPlace[];
  for (const place of places) {
    const caseId = caseOfFindings(bodyAt(sql, place) ?? new Uint8Array());
    if (caseId !== undefined) sql('UPDATE cases SET findings_sent = 1 WHERE case_id = ?').run(caseId);
  }
}

/** Its key is forgotten too: what of its blob is at the hub already nobody can open, since no manifest ever named it. */
function dissolveItems(sql: Statements, seq: number): void {
  const { batchId } = sql('SELECT batch_id AS batchId FROM batches WHERE seq = ?').get(seq) as { batchId: string };
  sql('UPDATE outbox_items SET batch = NULL WHERE batch = ?').run(seq);
  sql("UPDATE batches SET state = 'dissolved' WHERE seq = ?").run(seq);
  sql("UPDATE item_tickets SET state = 'abandoned' WHERE batch_id = ? AND state = 'open'").run(batchId);
  sql('UPDATE item_batches SET sealed_key = NULL, envelope = NULL WHERE batch_id = ?').run(batchId);
}

function eraseItem(sql: Statements, { segment, n, bytes }: Omit<Row, 'open'>): void {
  blankItem(sql, { segment, n });
  sql('DELETE FROM outbox_items WHERE segment = ? AND n = ?').run(segment, n);
  dropEmptySegments(sql, [segment]);
  sql("UPDATE outbox_counts SET dropped = dropped + 1, dropped_bytes = dropped_bytes + ? WHERE kind = 'findings'").run(
    bytes,
  );
}
