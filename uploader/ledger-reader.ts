import { type Database, openReader } from '../core/database.ts';
import type { ApplianceCase, Stage } from '../protocol/documents.ts';
import type { Tier } from '../protocol/ids.ts';
import { AuditReader } from './audit/audit-reader.ts';
import type { StagedBlock } from './delivery-commands.ts';
import {
  type ArchiveFiles,
  type ArchiveRecord,
  applianceCase,
  archiveColumns,
  archiveRecord,
  type CaseRecord,
  caseColumns,
  caseRecord,
  type OpenBatch,
  type ReceiptRecord,
  type RefusalRecord,
  type Row,
  type StudyRecord,
  type TicketRecord,
  type WithdrawalRecord,
  withoutNulls,
} from './ledger-records.ts';
import { ledgerMigrations } from './ledger-schema.ts';
import { OutboxReader } from './outbox/outbox-reader.ts';
import { releasable } from './retention/release-commands.ts';
import { stagesToBatch } from './stages.ts';
import { type Statements, statementsOf } from './statements.ts';
import type { FileDigests } from './study-commands.ts';

/** What a study was sealed for does not change with the site's file: one of `site-only` stays, whatever that says now. */
const toBatch = `batch_id IS NULL AND send = 'always' AND stage IN (SELECT value FROM json_each(?)) AND NOT EXISTS (
  SELECT 1 FROM studies WHERE studies.study_id = cases.study_id AND studies.profile = 'site-only')`;

/**
 * What the ledger says, read through a connection of its own. Each answer is of one moment, and shows everything that
 * was acknowledged before it was asked for.
 */
export class LedgerReader {
  /** What waits to be sent beside the archives of cases. */
  readonly outbox: OutboxReader;
  readonly audit: AuditReader;
  readonly #db: Database;
  readonly #sql: Statements;
  #isDamaged = false;

  constructor(db: Database) {
    this.#db = db;
    this.#sql = statementsOf(db, () => {
      this.#isDamaged = true;
    });
    this.outbox = new OutboxReader(this.#sql);
    this.audit = new AuditReader(this.#sql, (read) => this.#atOnce(read));
  }

  /** Something that was asked for lies on a damaged page. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** All cases, oldest first, as `cases list --json` prints them. */
  cases(): ApplianceCase[] {
    return this.#atOnce(() => {
      const archives = Map.groupBy(this.#archives('TRUE'), ({ caseId }) => caseId);
      const withdrawals = new Map(this.#withdrawals('TRUE').map((one) => [one.caseId, one]));
      const records = this.#sql(`SELECT ${caseColumns} FROM cases ORDER BY seq`).all() as Row[];
      return records
        .map(caseRecord)
        .map((one) => applianceCase(one, archives.get(one.caseId) ?? [], withdrawals.get(one.caseId)));
    });
  }

  caseById(caseId: string): ApplianceCase | undefined {
    return this.#atOnce(() => {
      const record = this.caseRecord(caseId);
      return record && applianceCase(record, this.archivesOf(caseId), this.withdrawalOf(caseId));
    });
  }

  caseRecord(caseId: string): CaseRecord | undefined {
    const row = this.#sql(`SELECT ${caseColumns} FROM cases WHERE case_id = ?`).get(caseId) as Row | undefined;
    return row && caseRecord(row);
  }

  /** The newest case of an inbox entry. */
  caseByEntry(entryKey: string): CaseRecord | undefined {
    const newest = `SELECT ${caseColumns} FROM cases WHERE entry_key = ? ORDER BY seq DESC LIMIT 1`;
    const row = this.#sql(newest).get(entryKey);
    return row === undefined ? undefined : caseRecord(row as Row);
  }

  /** Cases at one of these stages, oldest first: what a starting daemon resumes. */
  casesAt(stages: readonly Stage[]): CaseRecord[] {
    const rows = this.#sql(
      `SELECT ${caseColumns} FROM cases WHERE stage IN (SELECT value FROM json_each(?)) ORDER BY seq`,
    ).all(JSON.stringify(stages)) as Row[];
    return rows.map(caseRecord);
  }

  /** The study of a case; undefined before the case was settled. */
  studyOf(caseId: string): StudyRecord | undefined {
    return this.#studies('study_id = (SELECT study_id FROM cases WHERE case_id = ?)', caseId)[0];
  }

  /** Every study, in the order in which they came first. */
  studies(): StudyRecord[] {
    return this.#studies('TRUE');
  }

  /** What a study is recognised by. */
  studyMarks(studyId: string): string[] {
    const rows = this.#sql('SELECT mark FROM study_marks WHERE study_id = ? ORDER BY mark').all(studyId) as Row[];
    return rows.map(({ mark }) => mark as string);
  }

  /** The files of a study's base. */
  studyFiles(studyId: string): FileDigests[] {
    const rows = this.#sql('SELECT name, content FROM study_files WHERE study_id = ?').all(studyId) as Row[];
    return rows.map(({ name, content }) => [name, content] as unknown as FileDigests);
  }

  /** How many cases there are at each stage; stages without cases are absent. */
  stageCounts(): Partial<Record<Stage, number>> {
    const rows = this.#sql('SELECT stage, cases FROM case_counts WHERE cases > 0').all() as Row[];
    return Object.fromEntries(rows.map(({ stage, cases }) => [stage, cases]));
  }

  archiveById(archiveId: string): ArchiveRecord | undefined {
    return this.#archives('archives.archive_id = ?', archiveId)[0];
  }

  archivesOf(caseId: string): ArchiveRecord[] {
    return this.#archives('archives.case_id = ?', caseId);
  }

  /** The files of up to `limit` archives that were sealed after that one, in the order of sealing. */
  archiveFiles(afterSeq: number, limit: number): ArchiveFiles[] {
    const rows = this.#sql(
      `SELECT archives.seq, archives.case_id AS caseId, file, keys_file AS keysFile,
         CASE WHEN kept <> 'here' OR send <> 'always' OR receipted_at IS NOT NULL OR manifest IS NOT NULL OR stage NOT IN (SELECT value FROM json_each(?))
           THEN 'nothing' WHEN blob IS NOT NULL THEN 'keys' ELSE 'both' END AS needs
       FROM archives JOIN cases USING (case_id) LEFT JOIN batches USING (batch_id)
       WHERE archives.seq > ? ORDER BY archives.seq LIMIT ?`,
    ).all(JSON.stringify(stagesToBatch), afterSeq, limit);
    return rows as ArchiveFiles[];
  }

  /**
   * Archives whose bytes may go, those first that nothing here stands on: delivered ones (their receipt came before
   * `deliveredBefore`), and ones that nobody is owed and nobody asked for (sealed before `unsentBefore`). A base goes
   * after its deltas. ISO 8601.
   */
  archivesToRelease(before: { readonly deliveredBefore: string; readonly unsentBefore: string }): ArchiveRecord[] {
    return this.#archives(releasable, before);
  }

  /** Archives that are being erased: recorded, and perhaps not done. */
  archivesReleasing(): ArchiveRecord[] {
    return this.#archives("kept = 'releasing'");
  }

  /** When the next archive comes under the retention policy: of the receipt, or of the seal of one that is not sent. */
  oldestKept(): { readonly deliveredAt?: string; readonly unsentAt?: string } {
    const row = this.#sql(
      `SELECT min(receipted_at) AS deliveredAt, min(iif(send = 'on-request', sealed_at, NULL)) AS unsentAt
       FROM archives WHERE kept = 'here'`,
    ).get() as Row;
    return withoutNulls(row);
  }

  /** Bytes of the archives that are here, as they were sealed. */
  bytesKept(): number {
    // Not `<> 'gone'`: the index is of use for what is named, and what is gone grows for years.
    const row = this.#sql(
      "SELECT coalesce(sum(bytes), 0) AS bytes FROM archives WHERE kept IN ('here', 'releasing')",
    ).get() as Row;
    return row.bytes as number;
  }

  /** The order to erase a case, as it was sent; undefined when there is none, or nothing ever left. */
  deletionOrderOf(caseId: string): string | undefined {
    const row = this.#sql('SELECT order_json AS text FROM withdrawals WHERE case_id = ?').get(caseId) as
      | Row
      | undefined;
    return (row?.text as string | null | undefined) ?? undefined;
  }

  withdrawalOf(caseId: string): WithdrawalRecord | undefined {
    return this.#withdrawals('case_id = ?', caseId)[0];
  }

  /** Sealed archives that belong to no batch yet, oldest first. */
  nextArchivesToBatch(): ArchiveRecord[] {
    return this.#archives(toBatch, JSON.stringify(stagesToBatch));
  }

  /** When the oldest of them was sealed. */
  oldestToBatch(): string | undefined {
    const sql = `SELECT min(sealed_at) AS at FROM archives JOIN cases USING (case_id) WHERE ${toBatch}`;
    return ((this.#sql(sql).get(JSON.stringify(stagesToBatch)) as Row).at as string | null) ?? undefined;
  }

  /** The tiers of which there are such archives. */
  tiersToBatch(): Tier[] {
    const rows = this.#sql(`SELECT DISTINCT tier FROM archives JOIN cases USING (case_id) WHERE ${toBatch}`);
    return (rows.all(JSON.stringify(stagesToBatch)) as { tier: Tier }[]).map(({ tier }) => tier);
  }

  /** Batches that still owe blocks or a receipt, oldest first. */
  openBatches(): OpenBatch[] {
    const rows = this.#sql(
      `SELECT batch_id AS batchId, tier, state, created_at AS createdAt, coalesce(urgency, tier) AS urgency
       FROM batches LEFT JOIN item_batches USING (batch_id)
       WHERE state IN ('uploading', 'uploaded') ORDER BY seq`,
    ).all();
    return rows as OpenBatch[];
  }

  archivesInBatch(batchId: string): ArchiveRecord[] {
    return this.#archives('batch_id = ?', batchId);
  }

  /** The manifest of a batch that awaits its receipt. */
  manifestOf(batchId: string): string | undefined {
    const row = this.#sql('SELECT manifest FROM batches WHERE batch_id = ?').get(batchId) as Row | undefined;
    return (row?.manifest as string | null | undefined) ?? undefined;
  }

  /** The ticket in use for an archive. */
  ticketOf(archiveId: string): TicketRecord | undefined {
    return this.#tickets("archive_id = ? AND state = 'open'", archiveId)[0];
  }

  /** Tickets whose end the hub was not told yet. */
  ticketsToClose(): TicketRecord[] {
    return this.#tickets("state <> 'open'");
  }

  /** The staged blocks of an archive, in the order of its bytes. */
  blocksOf(archiveId: string): StagedBlock[] {
    const rows = this.#sql(
      'SELECT start, bytes, block_id AS blockId FROM blocks WHERE archive_id = ? ORDER BY start',
    ).all(archiveId);
    return rows as StagedBlock[];
  }

  /** The end of the receipt chain. */
  lastReceipt(): ReceiptRecord | undefined {
    return this.#receipts('ORDER BY seq DESC LIMIT 1')[0];
  }

  /** Every accepted receipt, in the order of the chain. */
  receipts(): ReceiptRecord[] {
    return this.#receipts('ORDER BY seq');
  }

  /** Acknowledgements that were not believed, newest first. */
  refusals(): RefusalRecord[] {
    const rows = this.#sql(
      'SELECT at, code, batch_id AS batchId, payload_sha256 AS payloadSha256 FROM refusals ORDER BY seq DESC',
    ).all() as Row[];
    return rows.map((row) => withoutNulls(row) as unknown as RefusalRecord);
  }

  close(): void {
    this.#db.close();
  }

  #atOnce<T>(read: () => T): T {
    return this.#db.inTransaction ? read() : this.#db.transaction(read)();
  }

  #archives(where: string, ...values: readonly unknown[]): ArchiveRecord[] {
    const rows = this.#sql(
      `SELECT ${archiveColumns} FROM archives JOIN cases USING (case_id) WHERE ${where} ORDER BY archives.seq`,
    ).all(...values) as Row[];
    return rows.map(archiveRecord);
  }

  #withdrawals(where: string, ...values: readonly unknown[]): WithdrawalRecord[] {
    const rows = this.#sql(
      `SELECT case_id AS caseId, state, ordered_at AS at, certificate, certified_at AS certifiedAt
       FROM withdrawals WHERE ${where}`,
    ).all(...values) as Row[];
    return rows.map((row) => withoutNulls(row) as unknown as WithdrawalRecord);
  }

  #studies(where: string, ...values: readonly unknown[]): StudyRecord[] {
    const rows = this.#sql(
      `SELECT studies.study_id AS studyId, profile, revision, linkage_sealed AS linkageSealed,
         base.archive_id AS baseId, base.recipients
       FROM studies LEFT JOIN archives AS base
         ON base.archive_id = studies.base_archive_id AND base.receipted_at IS NOT NULL
       WHERE ${where} ORDER BY studies.seq`,
    ).all(...values) as Row[];
    return rows.map(studyRecord);
  }

  #tickets(where: string, ...values: readonly unknown[]): TicketRecord[] {
    const rows = this.#sql(
      `SELECT correlation_id AS correlationId, archive_id AS archiveId, state, sealed, expires_at AS expiresAt FROM (
         SELECT * FROM tickets
         UNION ALL SELECT correlation_id, batch_id AS archive_id, state, sealed, expires_at FROM item_tickets
       ) WHERE ${where}`,
    ).all(...values);
    return rows as TicketRecord[];
  }

  #receipts(tail: string): ReceiptRecord[] {
    const rows = this.#sql(
      `SELECT batch_id AS batchId, jws, sha256, stored_at AS storedAt, accepted_at AS acceptedAt FROM receipts ${tail}`,
    ).all();
    return rows as ReceiptRecord[];
  }
}

function studyRecord({ baseId, recipients, ...row }: Row): StudyRecord {
  const base = { archiveId: baseId, recipients: JSON.parse((recipients as string | null) ?? '[]') };
  return { ...withoutNulls(row), ...(baseId === null ? {} : { base }) } as StudyRecord;
}

/** Opens the ledger for reading alone, whether a daemon has it open, was killed, or closed it. */
export function openLedgerReader(path: string): LedgerReader {
  return new LedgerReader(openReader(path, ledgerMigrations));
}
