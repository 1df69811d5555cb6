import type { Stage } from '../../protocol/documents.ts';
import { caseCommands, caseRow, hasArchives, moveCase } from '../case-commands.ts';
import { LedgerError } from '../ledger-error.ts';
import type { Statements } from '../statements.ts';

/** Stages at which a person can still keep a case back: afterwards all of it is at the hub. */
const holdable: readonly Stage[] = ['detected', 'settled', 'sealed', 'batched', 'uploading'];

/** What people order of a case: to wait, and to go on. */
export const holdCommands = {
  /** A person keeps a case back. Throws ILLEGAL_MOVE once all of it was sent. */
  holdByPerson(sql: Statements, { caseId, hint }: { readonly caseId: string; readonly hint: string }): Stage {
    const { stage } = caseRow(sql, caseId);
    if (!holdable.includes(stage)) {
      throw new LedgerError('ILLEGAL_MOVE', `a case that is ${stage} cannot be kept back`, {
        hint: 'What was sent cannot be held here; `vestibule cases withdraw` has it erased.',
      });
    }
    return caseCommands.hold(sql, { caseId, reason: 'by-person', hint });
  },

  /**
   * A held case whose archives are sealed goes on with them. `sendAgain`: what has no receipt is sent anew, under
   * another name. Throws ILLEGAL_MOVE when it has no archives: such a case is released, and read again.
   */
  resume(sql: Statements, { caseId, sendAgain }: { readonly caseId: string; readonly sendAgain: boolean }): Stage {
    const { stage } = caseRow(sql, caseId);
    if (stage !== 'held' || !hasArchives(sql, caseId)) {
      throw new LedgerError('ILLEGAL_MOVE', 'only a held case that is sealed goes on with its archives');
    }
    if (sendAgain) {
      sql(
        `UPDATE archives SET batch_id = NULL, blob = NULL, name_try = name_try + 1
         WHERE case_id = ? AND receipted_at IS NULL AND send = 'always' AND kept = 'here' AND (batch_id IS NULL
           OR batch_id IN (SELECT batch_id FROM batches WHERE state = 'refused'))`,
      ).run(caseId);
    }
    sql('UPDATE cases SET held_reason = NULL, hint = NULL WHERE case_id = ?').run(caseId);
    const owed = sql("SELECT blob IS NULL AS missing FROM archives WHERE case_id = ? AND send = 'always'").all(
      caseId,
    ) as { missing: number }[];
    const missing = owed.filter((one) => one.missing === 1).length;
    if (missing === owed.length) return moveCase(sql, caseId, 'resumed');
    return moveCase(sql, caseId, missing === 0 ? 'resumed-uploaded' : 'resumed-uploading');
  },
} as const;
