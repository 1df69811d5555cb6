import type { Linkage } from '../carto/index.ts';
import { openText, sealText } from '../core/boxed-text.ts';
import type { Recipient } from '../core/envelope.ts';
import type { FileDigests, LedgerReader, StudyOutcome } from '../uploader/index.ts';
import type { Sealed } from './seal/index.ts';

/** What earlier exports of a study left for this one; nothing but a revision for the first. */
export interface StudyMemory {
  readonly revision: number;
  readonly linkage?: Linkage;
  readonly base?: { readonly archiveId: string; readonly files: readonly FileDigests[] };
}

/**
 * Recalls what was kept of a case's study. A base is one only if the receiver has it for certain (its receipt was
 * verified) and everybody who is to read the new archive can open it; otherwise the study is sent whole.
 */
export function recallStudy(
  read: Pick<LedgerReader, 'studyOf' | 'studyFiles'>,
  caseId: string,
  { storageKey, recipients }: { readonly storageKey: Uint8Array; readonly recipients: readonly Recipient[] },
): StudyMemory {
  const study = read.studyOf(caseId);
  if (!study) return { revision: 0 };
  const { revision, linkageSealed, base } = study;
  const isReadable = base !== undefined && recipients.every(({ kid }) => base.recipients.includes(kid));
  return {
    revision,
    ...(linkageSealed ? { linkage: JSON.parse(openText(linkageSealed, storageKey)) as Linkage } : {}),
    ...(isReadable ? { base: { archiveId: base.archiveId, files: read.studyFiles(study.studyId) } } : {}),
  };
}

/** What is kept of a study that was just sealed, for its next export. */
export function rememberStudy({ linkage, base }: Sealed, revision: number, storageKey: Uint8Array): StudyOutcome {
  return { linkageSealed: sealText(JSON.stringify(linkage), storageKey), revision, base };
}
