import type { Database } from '../../core/database.ts';
import type { JournalCase, SealedNote } from './case-journal.ts';

type StudyNote = NonNullable<SealedNote['study']>;

/**
 * Gives the studies of a rebuilt ledger back what they had given out: codes and counters as of the last case that was
 * sealed, since a number that is given out again would stand for two things; and the marks by which the next export is
 * recognised. Rows that know more than the journal stay. The digests of the base's files do not come back: the next
 * export is sent whole.
 */
export function enterStudies(db: Database, journal: Iterable<JournalCase>, at: string): void {
  const isSealed = db.prepare('SELECT 1 FROM archives WHERE case_id = ?');
  const belongs = db.prepare('UPDATE cases SET study_id = ? WHERE case_id = ? AND study_id IS NULL');
  for (const { note } of journal) {
    // A seal that was refused, or is to be made again, has given out nothing.
    if (!note.study || !isSealed.get(note.caseId)) continue;
    enterStudy(db, note.study, at);
    belongs.run(note.study.studyId, note.caseId);
  }
}

function enterStudy(db: Database, { studyId, profile, linkage, revision, marks }: StudyNote, at: string): void {
  db.prepare(
    `INSERT INTO studies (study_id, profile, linkage_sealed, revision, created_at)
     VALUES (@studyId, @profile, @linkage, @revision, @at)
     ON CONFLICT (study_id) DO UPDATE SET linkage_sealed = @linkage, revision = @revision
       WHERE @revision > studies.revision`,
  ).run({ studyId, profile, revision, at, linkage: Buffer.from(linkage, 'base64') });
  db.prepare(
    `INSERT INTO study_marks (mark, study_id) SELECT value, @studyId FROM json_each(@marks) WHERE true
     ON CONFLICT DO NOTHING`,
  ).run({ studyId, marks: JSON.stringify(marks) });
}
