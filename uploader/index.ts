export type { MethodAnswer } from './acknowledgements.ts';
export type { DetectedEntry, EntrySize, SealedArchiveRow } from './case-commands.ts';
export { Courier, type CourierDeps } from './courier.ts';
export { Ledger, type LedgerDeps } from './ledger.ts';
export { LedgerError, type LedgerErrorCode } from './ledger-error.ts';
export { type LedgerReader, openLedgerReader } from './ledger-reader.ts';
export type { ArchiveRecord, CaseRecord, RefusalRecord, StudyRecord } from './ledger-records.ts';
export type { FileDigests, StudyClaim, StudyOutcome } from './study-commands.ts';
export { UploadError, type UploadErrorCode } from './upload-error.ts';
