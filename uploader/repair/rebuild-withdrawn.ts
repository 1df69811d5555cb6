import type { Database } from '../../core/database.ts';
import { randomDigits } from '../../protocol/ids.ts';
import { deletionOrderSchema } from '../../protocol/withdrawal.ts';
import { enqueueOrder, withdrawCase, withdrawCommands } from '../orders/withdraw-commands.ts';
import { eraseWithdrawnFindings } from '../outbox/withdrawn-findings.ts';
import { type Statements, statementsOf } from '../statements.ts';
import type { WithdrawnNote } from './case-journal.ts';

/**
 * What was withdrawn stays withdrawn: a case that the rows still have, or have again from the journal, is withdrawn once
 * more; of one that nobody knows its export is not taken in again. An order without a certificate is sent again.
 */
export function withdrawAgain(db: Database, withdrawn: Iterable<WithdrawnNote>): void {
  const sql = statementsOf(db);
  for (const note of withdrawn) {
    const { caseId, certificate, certifiedAt: at = note.at } = note;
    if (sql('SELECT 1 FROM cases WHERE case_id = ?').get(caseId) === undefined) enterCase(sql, note);
    if (!sql('SELECT 1 FROM withdrawals WHERE case_id = ?').get(caseId)) enterWithdrawal(sql, note);
    if (certificate !== undefined) withdrawCommands.certify(sql, { caseId, certificate, at });
  }
  eraseWithdrawnFindings(sql);
}

/** Nothing of it is here but that it was. */
function enterCase(sql: Statements, { caseId, entryKey, signature, at }: WithdrawnNote): void {
  sql(
    `INSERT INTO cases (case_id, entry_key, signature, source_sealed, files, source_bytes, stage, detected_at)
     VALUES (@caseId, @entryKey, @signature, zeroblob(0), 0, 0, 'withdrawn', @at)`,
  ).run({ caseId, entryKey, signature, at });
}

/** The order is the one that was given: its certificate may be on its way. */
function enterWithdrawal(sql: Statements, { caseId, at, order, certificate }: WithdrawnNote): void {
  const { stage } = sql('SELECT stage FROM cases WHERE case_id = ?').get(caseId) as { readonly stage: string };
  if (stage !== 'withdrawn') withdrawCase(sql, caseId);
  sql('INSERT INTO withdrawals (case_id, state, ordered_at, order_json) VALUES (?, ?, ?, ?)').run(
    ...[caseId, order === undefined ? 'local' : 'ordered', at, order ?? null],
  );
  if (order === undefined || certificate !== undefined) return;
  enqueueOrder(sql, deletionOrderSchema.parse(JSON.parse(order)), randomDigits(10));
}
