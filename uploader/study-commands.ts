import type { Profile } from '../protocol/profile.ts';
import { isEvent, type StudyMark, sameStudy } from '../protocol/study-marks.ts';
import { mustChange, oneRow, type Statements } from './statements.ts';

/** How an export says which study it is of. Codes of one profile are of no use to another: each has its own studies. */
export interface StudyClaim {
  readonly marks: readonly StudyMark[];
  readonly profile: Profile;
}

/** A file of a study, as keyed digests of its name and content after pseudonymising. */
export type FileDigests = readonly [name: string, content: string];

/** What a case leaves behind for the next export of its study. */
export interface StudyOutcome {
  /** Opaque here: codes and counters, encrypted by the caller. */
  readonly linkageSealed: Uint8Array;
  /** How often the study had been sealed when this case read its linkage. */
  readonly revision: number;
  /** A whole archive of the study tier: later exports are compared with it. */
  readonly base?: { readonly archiveId: string; readonly files: readonly FileDigests[] } | undefined;
}

/**
 * Finds the study that an export is of, or enters a new one, and remembers its marks. Returns its id. A study that the
 * case was of before, and that nothing was ever sealed for, is forgotten.
 */
export function enterStudy(
  sql: Statements,
  claim: StudyClaim & { readonly caseId: string; readonly newStudyId: string; readonly at: string },
): string {
  const { caseId, marks, profile, newStudyId, at } = claim;
  const before = studyIdOf(sql, caseId);
  const known = recognise(sql, claim);
  if (known === undefined) {
    sql('INSERT INTO studies (study_id, profile, created_at) VALUES (?, ?, ?)').run(newStudyId, profile, at);
  }
  const studyId = known ?? newStudyId;
  sql(
    `INSERT INTO study_marks (mark, study_id) SELECT value, @studyId FROM json_each(@marks) WHERE true
     ON CONFLICT DO NOTHING`,
  ).run({ studyId, marks: JSON.stringify(marks) });
  sql('UPDATE cases SET study_id = ? WHERE case_id = ?').run(studyId, caseId);
  if (before !== null && before !== studyId) forgetUnused(sql, before);
  return studyId;
}

/** Stores the study's linkage as this case left it, and what may be a base. Refused when another case sealed meanwhile. */
export function storeStudy(sql: Statements, caseId: string, { linkageSealed, revision, base }: StudyOutcome): void {
  const studyId = studyIdOf(sql, caseId);
  const stored = sql(
    `UPDATE studies SET linkage_sealed = @linkageSealed, revision = revision + 1
     WHERE study_id = @studyId AND revision = @revision`,
  ).run({ linkageSealed, studyId, revision });
  mustChange(stored, 'study to seal');
  if (!base) return;
  sql('UPDATE studies SET base_archive_id = ? WHERE study_id = ?').run(base.archiveId, studyId);
  sql('DELETE FROM study_files WHERE study_id = ?').run(studyId);
  sql(
    `INSERT INTO study_files (study_id, name, content)
     SELECT @studyId, value ->> 0, value ->> 1 FROM json_each(@files)`,
  ).run({ studyId, files: JSON.stringify(base.files) });
}

/** The receiver does not have what these deltas stand on: the next export of their studies is sent whole. */
export function forgetBases(sql: Statements, batchId: string): void {
  sql(
    `UPDATE studies SET base_archive_id = NULL
     WHERE base_archive_id IN (SELECT base_archive_id FROM archives WHERE batch_id = ?)`,
  ).run(batchId);
}

/** The oldest study that is the same by its marks. Only one that shares a session or a point can be. */
function recognise(sql: Statements, { marks, profile }: StudyClaim): string | undefined {
  const candidates = sql(
    `SELECT study_id AS studyId FROM studies WHERE profile = ? AND study_id IN (
       SELECT study_id FROM study_marks JOIN json_each(?) ON mark = value) ORDER BY seq`,
  ).all(profile, JSON.stringify(marks.filter(isEvent))) as { studyId: string }[];
  return candidates.find(({ studyId }) => sameStudy(marksOf(sql, studyId), marks))?.studyId;
}

function marksOf(sql: Statements, studyId: string): StudyMark[] {
  const rows = sql('SELECT mark FROM study_marks WHERE study_id = ?').all(studyId) as { mark: StudyMark }[];
  return rows.map(({ mark }) => mark);
}

function studyIdOf(sql: Statements, caseId: string): string | null {
  const row = sql('SELECT study_id AS studyId FROM cases WHERE case_id = ?').get(caseId);
  return oneRow<{ studyId: string | null }>(row, 'case').studyId;
}

function forgetUnused(sql: Statements, studyId: string): void {
  const used = sql(
    `SELECT 1 FROM studies WHERE study_id = @studyId AND (linkage_sealed IS NOT NULL
     OR EXISTS (SELECT 1 FROM cases WHERE cases.study_id = @studyId))`,
  ).get({ studyId });
  if (used !== undefined) return;
  sql('DELETE FROM study_marks WHERE study_id = ?').run(studyId);
  sql('DELETE FROM studies WHERE study_id = ?').run(studyId);
}
