import type { ReleaseWhy } from '../../protocol/documents.ts';
import { moveCase } from '../case-commands.ts';
import { mustChange, oneRow, type Statements } from '../statements.ts';

/** Of archives joined with cases: nobody owes the bytes, and their time is over. Nothing of `site-only` is delivered. */
export const releasable = `kept = 'here'
  AND (receipted_at <= @deliveredBefore OR (send = 'on-request' AND batch_id IS NULL AND sealed_at <= @unsentBefore))
  AND NOT EXISTS (SELECT 1 FROM archives AS delta WHERE delta.base_archive_id = archives.archive_id AND delta.kept = 'here')`;

/**
 * Bytes leave the disk in two steps, so that a kill between them is made good: first it is recorded that they go, then
 * they are erased, then that they are gone.
 */
export const releaseCommands = {
  /** Records that these archives are to be erased. Refused for one that is owed, or that a delta here stands on. */
  beginRelease(sql: Statements, { archiveIds }: { readonly archiveIds: readonly string[] }): void {
    for (const archiveId of archiveIds) {
      const begun = sql(
        `UPDATE archives SET kept = 'releasing', release_why = iif(receipted_at IS NULL, 'not-requested', 'delivered')
         WHERE archive_id = ? AND kept = 'here'
         AND (receipted_at IS NOT NULL OR (send = 'on-request' AND batch_id IS NULL))
         AND NOT EXISTS (
           SELECT 1 FROM archives AS delta WHERE delta.base_archive_id = archives.archive_id AND delta.kept = 'here')`,
      ).run(archiveId);
      mustChange(begun, 'archive to release');
    }
  },

  /** The bytes are gone. The case is released with the last of them, unless something of it is still owed. */
  finishRelease(
    sql: Statements,
    { archiveId, at }: { readonly archiveId: string; readonly at: string },
  ): ReleasedBytes {
    const finished = sql(
      "UPDATE archives SET kept = 'gone', released_at = ? WHERE archive_id = ? AND kept = 'releasing'",
    ).run(at, archiveId);
    mustChange(finished, 'archive that is being released');
    sql('DELETE FROM blocks WHERE archive_id = ?').run(archiveId);
    const { caseId, bytes, why, stage, remaining } = oneRow<FinishedRow>(
      sql(
        `SELECT case_id AS caseId, bytes, release_why AS why, stage,
           (SELECT count(*) FROM archives AS other WHERE other.case_id = archives.case_id
            AND (other.kept <> 'gone' OR (other.send = 'always' AND other.receipted_at IS NULL))) AS remaining
         FROM archives JOIN cases USING (case_id) WHERE archive_id = ?`,
      ).get(archiveId),
      'archive',
    );
    const isReleased = remaining === 0 && (stage === 'delivered' || stage === 'sealed');
    if (isReleased) moveCase(sql, caseId, 'all-erased');
    return { caseId, bytes, why, isReleased };
  },
} as const;

/** What left the disk; `isReleased`: with it the whole case did. */
export interface ReleasedBytes {
  readonly caseId: string;
  readonly bytes: number;
  readonly why: ReleaseWhy;
  readonly isReleased: boolean;
}

interface FinishedRow extends Omit<ReleasedBytes, 'isReleased'> {
  readonly stage: string;
  readonly remaining: number;
}
