export type { DetectedEntry, EntrySize, SealedArchiveRow } from './case-commands.ts';
export { Ledger, type LedgerDeps } from './ledger.ts';
export { LedgerError, type LedgerErrorCode } from './ledger-error.ts';
export { type LedgerReader, openLedgerReader } from './ledger-reader.ts';
export type { ArchiveRecord, CaseRecord } from './ledger-records.ts';
