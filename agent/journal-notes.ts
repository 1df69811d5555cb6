import { describe, type Log } from '../core/log.ts';
import type { StudyCounts } from '../protocol/batch.ts';
import type { Profile } from '../protocol/profile.ts';
import type { CaseJournal, CaseRecord, SealedArchiveRow, SealedNote, StudyOutcome } from '../uploader/index.ts';

/** What the journal keeps of a case that was just sealed: all that its rows in a lost ledger are made of again. */
export function sealedNote(
  known: CaseRecord,
  sealed: {
    readonly counts: StudyCounts;
    readonly archives: readonly SealedArchiveRow[];
    readonly study: StudyOutcome;
  },
  profile: Profile,
): SealedNote {
  const { caseId, entryKey, signature, sourceSealed, fingerprint, studyId, files, sourceBytes, detectedAt } = known;
  const linkage = Buffer.from(sealed.study.linkageSealed).toString('base64');
  return {
    kind: 'sealed',
    ...{ caseId, entryKey, signature, files, sourceBytes, detectedAt, counts: sealed.counts },
    source: Buffer.from(sourceSealed).toString('base64'),
    ...(fingerprint === undefined ? {} : { fingerprint }),
    ...(studyId === undefined ? {} : { study: { studyId, profile, linkage } }),
    archives: sealed.archives.map(({ recipients, ...archive }) => ({
      ...archive,
      ...(recipients ? { recipients: [...recipients] } : {}),
    })),
  };
}

/** A line that is missing costs one announcement after a ledger was lost, so a disk that refuses it stops nothing. */
export function noteDelivered(journal: CaseJournal, caseId: string, now: Date, log: Log): void {
  try {
    journal.append({ kind: 'delivered', caseId, at: now.toISOString() });
  } catch (error) {
    log.warn({ caseId, error: describe(error) }, 'delivery not noted in the journal');
  }
}
