import type { DeletionOrder } from '../../protocol/withdrawal.ts';
import { moveCase, withdrawArchives } from '../case-commands.ts';
import { storeItems } from '../outbox/store-items.ts';
import { eraseWithdrawnFindings } from '../outbox/withdrawn-findings.ts';
import { mustChange, oneRow, type Statements } from '../statements.ts';

/** What follows from an order: nothing ever left, or the receiver is told, and certifies it. */
export interface Withdrawn {
  readonly state: 'local' | 'ordered' | 'certified';
  /** False when it was ordered before. */
  readonly isNew: boolean;
}

interface Leaving {
  readonly archiveId: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly mayBeThere: number;
}

/** A person orders that a case be erased: here, and wherever it was sent. */
export const withdrawCommands = {
  /**
   * Records the order, stops what is on its way, says of its archives, and of deltas that stand on them, that they are
   * to be erased, erases findings that were not announced yet, and forgets what is known of where it came from. The same order again changes nothing.
   */
  withdraw(
    sql: Statements,
    { caseId, at, mark }: { readonly caseId: string; readonly at: string; readonly mark: string },
  ): Withdrawn {
    const known = sql('SELECT state FROM withdrawals WHERE case_id = ?').get(caseId) as
      | { state: Withdrawn['state'] }
      | undefined;
    if (known) return { state: known.state, isNew: false };
    const order = orderOf(sql, caseId, at);
    withdrawCase(sql, caseId);
    const state = order ? 'ordered' : 'local';
    sql('INSERT INTO withdrawals (case_id, state, ordered_at, order_json) VALUES (?, ?, ?, ?)').run(
      ...[caseId, state, at, order ? JSON.stringify(order) : null],
    );
    if (order) enqueueOrder(sql, order, mark);
    return { state, isNew: true };
  },

  /** The receiver's certificate of deletion was verified. The same one again changes nothing. */
  certify(
    sql: Statements,
    { caseId, certificate, at }: { readonly caseId: string; readonly certificate: string; readonly at: string },
  ): void {
    const row = sql('SELECT state FROM withdrawals WHERE case_id = ?').get(caseId);
    if (oneRow<{ state: string }>(row, 'withdrawal').state === 'certified') return;
    const certified = sql(
      `UPDATE withdrawals SET state = 'certified', certificate = ?, certified_at = ?
       WHERE case_id = ? AND state = 'ordered'`,
    ).run(certificate, at, caseId);
    mustChange(certified, 'withdrawal to certify');
  },
} as const;

/** Stops what is on its way, has everything of it erased here, and forgets where it came from. */
export function withdrawCase(sql: Statements, caseId: string): void {
  moveCase(sql, caseId, 'withdrawn');
  withdrawArchives(sql, caseId);
  eraseArchivesOf(sql, caseId);
  eraseDeltas(sql, caseId);
  eraseWithdrawnFindings(sql);
  forgetStudy(sql, caseId);
  sql(
    `UPDATE cases SET source_sealed = zeroblob(0), held_reason = NULL, hint = NULL, fingerprint = NULL
     WHERE case_id = ?`,
  ).run(caseId);
}

/** An archive may be at the receiver when it was ever committed, may have been, or still has a ticket. */
function archivesOf(sql: Statements, caseId: string): Leaving[] {
  return sql(
    `SELECT archive_id AS archiveId, sha256, bytes, (blob IS NOT NULL OR name_try > 1 OR receipted_at IS NOT NULL
       OR EXISTS (SELECT 1 FROM tickets WHERE tickets.archive_id = archives.archive_id)) AS mayBeThere
     FROM archives WHERE case_id = ? ORDER BY seq`,
  ).all(caseId) as Leaving[];
}

/** Findings may have left before any archive did: then the order names none. */
function orderOf(sql: Statements, caseId: string, at: string): DeletionOrder | undefined {
  const there = archivesOf(sql, caseId).filter(({ mayBeThere }) => mayBeThere === 1);
  if (there.length === 0 && !areFindingsSent(sql, caseId)) return undefined;
  const archives = there.map(({ archiveId, sha256, bytes }) => ({ archiveId, sha256, bytes }));
  return { v: 1, order: 'withdraw', caseId, orderedAt: at, archives };
}

function areFindingsSent(sql: Statements, caseId: string): boolean {
  return sql('SELECT 1 FROM cases WHERE case_id = ? AND findings_sent = 1').get(caseId) !== undefined;
}

/** The order goes with the transaction that makes it. */
export function enqueueOrder(sql: Statements, order: DeletionOrder, mark: string): void {
  const bodies = Buffer.from(JSON.stringify(order));
  storeItems(sql, { mark, at: order.orderedAt, items: [{ kind: 'withdrawal', bytes: bodies.length }], bodies });
}

function eraseArchivesOf(sql: Statements, caseId: string): void {
  sql(
    `UPDATE archives SET send = 'never', kept = iif(kept = 'gone', 'gone', 'releasing'),
       release_why = iif(kept = 'gone', release_why, 'withdrawn') WHERE case_id = ?`,
  ).run(caseId);
}

/** Deltas on a withdrawn base cannot be read by anybody any more. What of them is on its way stops. */
function eraseDeltas(sql: Statements, caseId: string): void {
  const deltas = sql(
    `SELECT delta.archive_id AS archiveId, delta.case_id AS deltaCase FROM archives AS delta
     JOIN archives AS base ON base.archive_id = delta.base_archive_id
     WHERE base.case_id = @caseId AND delta.case_id <> @caseId AND delta.send <> 'never'`,
  ).all({ caseId }) as { archiveId: string; deltaCase: string }[];
  for (const { archiveId, deltaCase } of deltas) {
    withdrawArchives(sql, deltaCase, archiveId);
    sql(
      `UPDATE archives SET send = 'never', kept = iif(kept = 'gone', 'gone', 'releasing'),
         release_why = iif(kept = 'gone', release_why, 'base-withdrawn') WHERE archive_id = ?`,
    ).run(archiveId);
  }
}

/** No later export may stand on it; and once no case of the study is left, its codes lead nowhere any more. */
function forgetStudy(sql: Statements, caseId: string): void {
  const { studyId } = oneRow<{ studyId: string | null }>(
    sql('SELECT study_id AS studyId FROM cases WHERE case_id = ?').get(caseId),
    'case',
  );
  if (studyId === null) return;
  const wasBase = sql(
    `UPDATE studies SET base_archive_id = NULL
     WHERE study_id = ? AND base_archive_id IN (SELECT archive_id FROM archives WHERE case_id = ?)`,
  ).run(studyId, caseId);
  if (wasBase.changes > 0) sql('DELETE FROM study_files WHERE study_id = ?').run(studyId);
  const others = sql("SELECT 1 FROM cases WHERE study_id = ? AND stage <> 'withdrawn' LIMIT 1").get(studyId);
  if (others !== undefined) return;
  sql('DELETE FROM study_files WHERE study_id = ?').run(studyId);
  sql('DELETE FROM study_marks WHERE study_id = ?').run(studyId);
  sql('UPDATE studies SET linkage_sealed = NULL, base_archive_id = NULL WHERE study_id = ?').run(studyId);
}
