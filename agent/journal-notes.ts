import { describe, type Log } from '../core/log.ts';
import type { StudyCounts } from '../protocol/batch.ts';
import type { Profile } from '../protocol/profile.ts';
import type {
  CaseJournal,
  CaseRecord,
  LedgerReader,
  SealedArchiveRow,
  SealedNote,
  StudyOutcome,
  WithdrawnNote,
} from '../uploader/index.ts';

/** What the journal keeps of a case that was just sealed: all that its rows in a lost ledger are made of again. */
export function sealedNote(
  known: CaseRecord,
  sealed: {
    readonly counts: StudyCounts;
    readonly archives: readonly SealedArchiveRow[];
    readonly study: StudyOutcome;
    /** By which the study is recognised. */
    readonly marks: readonly string[];
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
    ...(studyId === undefined
      ? {}
      : { study: { studyId, profile, linkage, revision: sealed.study.revision + 1, marks: [...sealed.marks] } }),
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

/** What the journal keeps of a withdrawn case: that it was, and what came of it. Undefined when it was not. */
export function withdrawnNote(read: LedgerReader, caseId: string): WithdrawnNote | undefined {
  const [known, withdrawal] = [read.caseRecord(caseId), read.withdrawalOf(caseId)];
  if (!known || !withdrawal) return undefined;
  const order = read.deletionOrderOf(caseId);
  const { at, certificate, certifiedAt } = withdrawal;
  return {
    ...{ kind: 'withdrawn', caseId, entryKey: known.entryKey, signature: known.signature, at },
    ...(order === undefined ? {} : { order }),
    ...(certificate === undefined || certifiedAt === undefined ? {} : { certificate, certifiedAt }),
  };
}

/**
 * Notes a withdrawal, or its certificate, in the journal. A line that is missing is made up for when the case's bytes
 * go, so a disk that refuses it stops nothing.
 */
export function noteWithdrawn(journal: CaseJournal, read: LedgerReader, caseId: string, log: Log): void {
  try {
    const note = withdrawnNote(read, caseId);
    if (note) journal.append(note);
  } catch (error) {
    log.warn({ caseId, error: describe(error) }, 'withdrawal not noted in the journal');
  }
}

/** The bytes of a withdrawn case are gone: what a lost ledger would be rebuilt from must not know of it either. */
export function forgetWithdrawn(journal: CaseJournal, read: LedgerReader, caseId: string): void {
  const note = withdrawnNote(read, caseId);
  if (note) journal.forget(note);
}
