export type { MethodAnswer } from './acknowledgements.ts';
export { AuditSegmenter } from './audit/segmenter.ts';
export type { AuditFault, AuditRow, AuditVerdict } from './audit/verify.ts';
export { damagedHint } from './batch-desk.ts';
export { defaultBatchPolicy } from './batch-plan.ts';
export type { DetectedEntry, EntrySize, SealedArchiveRow } from './case-commands.ts';
export { Courier, type CourierDeps } from './courier.ts';
export { Ledger, type LedgerDeps } from './ledger.ts';
export { LedgerError, type LedgerErrorCode } from './ledger-error.ts';
export { type LedgerReader, openLedgerReader } from './ledger-reader.ts';
export type { ArchiveFiles, ArchiveRecord, CaseRecord, RefusalRecord, StudyRecord } from './ledger-records.ts';
export { ledgerMigrations } from './ledger-schema.ts';
export type { Withdrawn } from './orders/withdraw-commands.ts';
export type { NewItem } from './outbox/enqueue.ts';
export type { KindCounts } from './outbox/outbox-reader.ts';
export {
  CaseJournal,
  type Journal,
  type JournalCase,
  type SealedNote,
  type WithdrawnNote,
} from './repair/case-journal.ts';
export { type QuarantineNote, quarantineFiles } from './repair/quarantine.ts';
export { type Found, type Rebuilt, rebuild } from './repair/rebuild.ts';
export { isSound, knownCases, type LedgerHealth, type SalvagedTable, salvage } from './repair/salvage.ts';
export type { ReleasedBytes } from './retention/release-commands.ts';
export { Releaser, releaseRecorded } from './retention/releaser.ts';
export type { FileDigests, StudyClaim, StudyOutcome } from './study-commands.ts';
export { UploadError, type UploadErrorCode } from './upload-error.ts';
