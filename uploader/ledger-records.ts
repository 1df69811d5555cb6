import type { StudyCounts } from '../protocol/batch.ts';
import type { ApplianceCase, HeldReason, ReleaseWhy, SendPolicy, Stage } from '../protocol/documents.ts';
import type { Tier } from '../protocol/ids.ts';
import type { Urgency } from '../protocol/outbox.ts';
import type { Profile } from '../protocol/profile.ts';
import type { RefusalCode } from './receipt-check.ts';

/** Everything the ledger knows of a case itself. */
export interface CaseRecord {
  readonly caseId: string;
  readonly entryKey: string;
  readonly signature: string;
  readonly sourceSealed: Uint8Array;
  readonly fingerprint?: string;
  /** The study it is an export of; undefined before it was settled. */
  readonly studyId?: string;
  readonly files: number;
  readonly sourceBytes: number;
  readonly stage: Stage;
  readonly reason?: HeldReason;
  readonly hint?: string;
  readonly detectedAt: string;
  readonly deliveredAt?: string;
  readonly counts?: StudyCounts;
  /** A person let exactly this state of its entry go on. */
  readonly isApproved: boolean;
  /** It has archives: its entry is not read any more, and if that changes, it becomes another case. */
  readonly isSealed: boolean;
}

/** An archive and how far it has come. */
export interface ArchiveRecord {
  readonly archiveId: string;
  readonly caseId: string;
  readonly tier: Tier;
  readonly file: string;
  readonly keysFile: string;
  readonly sha256: string;
  readonly bytes: number;
  readonly files: number;
  readonly batchId?: string;
  /** Which name it is uploaded under: 1 unless a name was spoilt. */
  readonly nameTry: number;
  /** Name of the committed blob; undefined until then. */
  readonly blob?: string;
  readonly receiptedAt?: string;
  /** Of a delta: the archive that it stands on. */
  readonly base?: string;
  /** What the site's file said when it was sealed: only `always` is owed. */
  readonly send: SendPolicy;
  /** Where its bytes are; `releasing`: they are to be erased, which may have begun. */
  readonly kept: 'here' | 'releasing' | 'gone';
  readonly releaseWhy?: ReleaseWhy;
  readonly releasedAt?: string;
  readonly counts: StudyCounts;
}

/** An order to erase a case, and what came of it. */
export interface WithdrawalRecord {
  readonly caseId: string;
  readonly state: 'local' | 'ordered' | 'certified';
  readonly at: string;
  readonly certificate?: string;
  readonly certifiedAt?: string;
}

/** Where an archive lies, and which of its files its delivery still needs. */
export interface ArchiveFiles {
  readonly seq: number;
  readonly caseId: string;
  readonly file: string;
  readonly keysFile: string;
  readonly needs: 'both' | 'keys' | 'nothing';
}

/** A study, and what its next export takes up. */
export interface StudyRecord {
  readonly studyId: string;
  readonly profile: Profile;
  /** How often it was sealed. */
  readonly revision: number;
  /** Codes and counters, encrypted; undefined until it was sealed for the first time. */
  readonly linkageSealed?: Uint8Array;
  /** The whole archive that a delta may stand on: its receipt was verified, so the receiver has it for certain. */
  readonly base?: { readonly archiveId: string; readonly recipients: readonly string[] };
}

/** A batch that still owes something: blocks (`uploading`) or a receipt (`uploaded`). */
export interface OpenBatch {
  readonly batchId: string;
  /** `items`: it holds no archives but items of the outbox. */
  readonly tier: Tier | 'items';
  /** Of archives their tier, of items the class of those for which the batch was made. */
  readonly urgency: Urgency;
  readonly state: 'uploading' | 'uploaded';
  readonly createdAt: string;
}

export interface TicketRecord {
  readonly correlationId: string;
  /** Or the batch whose sealed items it is for. */
  readonly archiveId: string;
  readonly state: 'open' | 'committed' | 'abandoned';
  readonly sealed: Uint8Array;
  readonly expiresAt: string;
}

export interface ReceiptRecord {
  readonly batchId: string;
  readonly jws: string;
  readonly sha256: string;
  readonly storedAt: string;
  readonly acceptedAt: string;
}

export interface RefusalRecord {
  readonly at: string;
  readonly code: RefusalCode;
  readonly batchId?: string;
  readonly payloadSha256: string;
}

/** A row as SQLite gives it. */
export type Row = Readonly<Record<string, unknown>>;

/** Columns of `cases` as a CaseRecord is made of them. */
export const caseColumns = `
  case_id AS caseId, entry_key AS entryKey, signature, source_sealed AS sourceSealed, fingerprint,
  study_id AS studyId, files,
  source_bytes AS sourceBytes, stage, held_reason AS reason, hint, detected_at AS detectedAt,
  delivered_at AS deliveredAt, maps, points, lesions, approved_signature IS signature AS isApproved,
  EXISTS (SELECT 1 FROM archives WHERE archives.case_id = cases.case_id) AS isSealed`;

export function caseRecord({ maps, points, lesions, isApproved, isSealed, ...row }: Row): CaseRecord {
  const counts = maps === null ? {} : { counts: { maps, points, lesions } };
  return { ...withoutNulls(row), ...counts, isApproved: isApproved === 1, isSealed: isSealed === 1 } as CaseRecord;
}

/** Columns of `archives` joined with `cases`, as an ArchiveRecord is made of them. */
export const archiveColumns = `
  archive_id AS archiveId, archives.case_id AS caseId, tier, file, keys_file AS keysFile, sha256, bytes,
  archives.files AS files, batch_id AS batchId, name_try AS nameTry, blob, receipted_at AS receiptedAt,
  base_archive_id AS base, send, kept, release_why AS releaseWhy, released_at AS releasedAt, maps, points, lesions`;

export function archiveRecord({ maps, points, lesions, ...row }: Row): ArchiveRecord {
  return { ...withoutNulls(row), counts: { maps, points, lesions } } as ArchiveRecord;
}

/** A case as `cases list --json` prints it. */
export function applianceCase(
  record: CaseRecord,
  archives: readonly ArchiveRecord[],
  withdrawal?: WithdrawalRecord,
): ApplianceCase {
  const { caseId, stage, reason, hint, studyId, counts, files, sourceBytes, detectedAt, deliveredAt } = record;
  return {
    caseId,
    stage,
    ...(reason === undefined ? {} : { reason }),
    ...(hint === undefined ? {} : { hint }),
    ...(studyId === undefined ? {} : { studyId }),
    ...(counts === undefined ? {} : { counts }),
    files,
    sourceBytes,
    archives: archives.map(printedArchive),
    detectedAt,
    ...(deliveredAt === undefined ? {} : { deliveredAt }),
    ...(withdrawal === undefined ? {} : { withdrawn: printedWithdrawal(withdrawal) }),
  };
}

function printedArchive(archive: ArchiveRecord): ApplianceCase['archives'][number] {
  const { archiveId, tier, sha256, bytes, base, send, releasedAt, releaseWhy } = archive;
  return {
    ...{ archiveId, tier, sha256, bytes },
    ...(base === undefined ? {} : { base }),
    ...(send === 'always' ? {} : { send }),
    ...(releasedAt === undefined || releaseWhy === undefined ? {} : { released: { at: releasedAt, why: releaseWhy } }),
  };
}

function printedWithdrawal({ caseId: _, ...withdrawal }: WithdrawalRecord): NonNullable<ApplianceCase['withdrawn']> {
  return withdrawal;
}

/** SQLite's NULL is an absent property. */
export function withoutNulls(row: Row): Row {
  return Object.fromEntries(Object.entries(row).filter(([, value]) => value !== null));
}
