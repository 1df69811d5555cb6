import type { Database } from '../../core/database.ts';
import { damagedHint } from '../batch-desk.ts';
import type { Journal, JournalCase, SealedNote } from './case-journal.ts';
import { enterStudies } from './rebuild-studies.ts';
import { withdrawAgain } from './rebuild-withdrawn.ts';

/** What is on disk of an archive: both files, with the bytes that were sealed; something else; or nothing. */
export type Found = 'whole' | 'damaged' | 'gone';

export interface Rebuilt {
  /** Cases and archives that the ledger did not have, made again from the journal. */
  readonly cases: number;
  readonly archives: number;
  /** Cases that are held, since their archive is damaged or gone. */
  readonly held: readonly string[];
}

export interface RebuildInput {
  readonly journal: Pick<Journal, 'cases' | 'withdrawn'>;
  /** Looks at an archive on disk. Called once for each that is still needed. */
  readonly look: (archive: { readonly file: string; readonly sha256: string; readonly bytes: number }) => Found;
  readonly at: string;
}

/**
 * Makes a ledger of salvaged rows whole again, in one transaction: what the journal knows and the rows lack is entered
 * from it; batches that have no receipt are given up, so that their archives and items travel once more, under the same
 * ids; what lost its parent goes. The receipt chain is open afterwards (see `receipt-check.ts`).
 */
export function rebuild(db: Database, input: RebuildInput): Rebuilt {
  const run = (sql: string, ...values: unknown[]) => db.prepare(sql).run(...values);
  dropOrphans(db);
  let [cases, archives] = [0, 0];
  for (const one of input.journal.cases.values()) {
    const added = enter(db, one, input);
    cases += added.cases;
    archives += added.archives;
  }
  enterStudies(db, input.journal.cases.values(), input.at);
  giveUpBatches(db);
  withdrawAgain(db, input.journal.withdrawn.values());
  const held = holdDamaged(db, input);
  countItems(db);
  run("INSERT INTO repairs (at, chain) VALUES (?, 'open')", input.at);
  const orphans = db.pragma('foreign_key_check') as { readonly table: string }[];
  if (orphans.length > 0) throw new Error(`rows of ${orphans[0]?.table} have no parent`);
  return { cases, archives, held };
}

/** Rows whose parent could not be read. Receipts keep a batch to stand on: they are the chain. */
function dropOrphans(db: Database): void {
  db.exec(`
    INSERT OR IGNORE INTO batches (batch_id, tier, state, created_at)
      SELECT batch_id, 'review', 'receipted', stored_at FROM receipts WHERE batch_id NOT IN (SELECT batch_id FROM batches);
    UPDATE archives SET batch_id = NULL WHERE batch_id NOT IN (SELECT batch_id FROM batches);
    DELETE FROM study_marks WHERE study_id NOT IN (SELECT study_id FROM studies);
    DELETE FROM study_files WHERE study_id NOT IN (SELECT study_id FROM studies);
    UPDATE cases SET study_id = NULL WHERE study_id NOT IN (SELECT study_id FROM studies);
    DELETE FROM outbox_items WHERE segment NOT IN (SELECT segment FROM outbox_segments);
    DELETE FROM item_batches WHERE batch_id NOT IN (SELECT batch_id FROM batches);
    INSERT OR REPLACE INTO audit_head SELECT 1, seq, hash FROM audit
      WHERE seq > coalesce((SELECT seq FROM audit_head), 0) ORDER BY seq DESC LIMIT 1;
    DELETE FROM withdrawals WHERE case_id NOT IN (SELECT case_id FROM cases);
  `);
}

const none = { cases: 0, archives: 0 };
const unsealed = ['detected', 'settled', 'held'];

/** Enters what the rows lack of a case. One that was never delivered and has nothing on disk is read again instead. */
function enter(db: Database, { note, deliveredAt }: JournalCase, { look, at }: RebuildInput) {
  const known = db.prepare('SELECT stage FROM cases WHERE case_id = ?').pluck().get(note.caseId) as string | undefined;
  const rows = db.prepare('SELECT archive_id FROM archives WHERE case_id = ?').pluck().all(note.caseId) as string[];
  const missing = note.archives.filter(({ archiveId }) => !rows.includes(archiveId));
  const isOther = rows.some((row) => !note.archives.some(({ archiveId }) => archiveId === row));
  if ((missing.length === 0 && known !== undefined) || isOther || known === 'withdrawn') return none;
  const found = note.archives.map(look);
  if (deliveredAt === undefined && !found.every((one) => one === 'whole')) {
    const isToBeRead = known === undefined ? found.every((one) => one === 'gone') : unsealed.includes(known);
    if (isToBeRead) return none;
  }
  const isHere = found.some((one) => one !== 'gone');
  const stage = deliveredAt === undefined ? 'sealed' : isHere ? 'delivered' : 'released';
  writeCase(db, note, { stage, deliveredAt: deliveredAt ?? null });
  for (const archive of missing) {
    db.prepare(
      `INSERT INTO archives (archive_id, case_id, tier, file, keys_file, sha256, bytes, files, recipients,
         base_archive_id, send, sealed_at, kept, receipted_at, released_at, name_try)
       VALUES (@archiveId, @caseId, @tier, @file, @keysFile, @sha256, @bytes, @files, @recipients,
         @base, @send, @at, @kept, @receiptedAt, @releasedAt, 2)`,
    ).run({
      ...archive,
      caseId: note.caseId,
      recipients: archive.recipients ? JSON.stringify(archive.recipients) : null,
      base: archive.base ?? null,
      send: archive.send ?? 'always',
      at,
      kept: deliveredAt !== undefined && look(archive) === 'gone' ? 'gone' : 'here',
      receiptedAt: deliveredAt ?? null,
      releasedAt: deliveredAt !== undefined && look(archive) === 'gone' ? at : null,
    });
  }
  return { cases: known === undefined ? 1 : 0, archives: missing.length };
}

function writeCase(
  db: Database,
  note: SealedNote,
  now: { readonly stage: string; readonly deliveredAt: string | null },
) {
  const { caseId, entryKey, signature, source, fingerprint, files, sourceBytes, detectedAt, counts } = note;
  db.prepare(
    `INSERT INTO cases (case_id, entry_key, signature, source_sealed, fingerprint, files, source_bytes, stage,
       detected_at, delivered_at, maps, points, lesions, study_id)
     VALUES (@caseId, @entryKey, @signature, @source, @fingerprint, @files, @sourceBytes, @stage,
       @detectedAt, @deliveredAt, @maps, @points, @lesions, NULL)
     ON CONFLICT (case_id) DO UPDATE SET stage = @stage, delivered_at = @deliveredAt, held_reason = NULL, hint = NULL,
       signature = @signature, maps = @maps, points = @points, lesions = @lesions`,
  ).run({
    ...{ caseId, entryKey, signature, files, sourceBytes, detectedAt, ...counts, ...now },
    ...{ source: Buffer.from(source, 'base64'), fingerprint: fingerprint ?? null },
  });
}

/** What has no receipt travels once more: same archives, same ids, so that the receiver knows what it has. */
function giveUpBatches(db: Database): void {
  db.exec(`
    UPDATE archives SET batch_id = NULL, blob = NULL, name_try = name_try + 1
      WHERE receipted_at IS NULL AND batch_id IS NOT NULL;
    UPDATE outbox_items SET batch = NULL
      WHERE batch NOT IN (SELECT seq FROM batches) OR batch IN (SELECT seq FROM batches WHERE state IN ('uploading', 'uploaded'));
    DELETE FROM item_batches WHERE batch_id IN (SELECT batch_id FROM batches WHERE state IN ('uploading', 'uploaded'));
    UPDATE batches SET state = 'dissolved', manifest = NULL WHERE state IN ('uploading', 'uploaded');
    UPDATE cases SET stage = 'sealed' WHERE stage IN ('batched', 'uploading', 'uploaded');
    UPDATE cases SET stage = 'delivered',
        delivered_at = (SELECT max(receipted_at) FROM archives WHERE archives.case_id = cases.case_id)
      WHERE stage = 'sealed' AND EXISTS (SELECT 1 FROM archives WHERE archives.case_id = cases.case_id)
      AND NOT EXISTS (SELECT 1 FROM archives WHERE archives.case_id = cases.case_id AND receipted_at IS NULL);
    UPDATE cases SET stage = 'released' WHERE stage = 'delivered'
      AND EXISTS (SELECT 1 FROM archives WHERE archives.case_id = cases.case_id)
      AND NOT EXISTS (SELECT 1 FROM archives WHERE archives.case_id = cases.case_id AND kept <> 'gone');
    DELETE FROM archives WHERE case_id NOT IN (SELECT case_id FROM cases);
    UPDATE studies SET base_archive_id = NULL WHERE base_archive_id NOT IN (SELECT archive_id FROM archives);
  `);
}

interface Owed {
  readonly caseId: string;
  readonly file: string;
  readonly sha256: string;
  readonly bytes: number;
  /** It stands on an archive of which nothing is known any more. */
  readonly isBaseless: 0 | 1;
}

/** A case that is owed and whose archive is not what was sealed waits for a person; the others go on. */
function holdDamaged(db: Database, { look }: RebuildInput): readonly string[] {
  const owed = db
    .prepare(
      `SELECT cases.case_id AS caseId, file, sha256, archives.bytes,
         base_archive_id IS NOT NULL AND base_archive_id NOT IN (SELECT archive_id FROM archives) AS isBaseless
       FROM archives JOIN cases USING (case_id)
       WHERE receipted_at IS NULL AND kept = 'here' AND stage = 'sealed'`,
    )
    .all() as Owed[];
  const held = new Set(owed.filter((one) => one.isBaseless === 1 || look(one) !== 'whole').map(({ caseId }) => caseId));
  const hold = db.prepare("UPDATE cases SET stage = 'held', held_reason = 'unreadable', hint = ? WHERE case_id = ?");
  for (const caseId of held) hold.run(damagedHint, caseId);
  db.exec('UPDATE archives SET base_archive_id = NULL WHERE base_archive_id NOT IN (SELECT archive_id FROM archives)');
  return [...held];
}

/** The sums say at least what the rows say. */
function countItems(db: Database): void {
  db.exec(`
    INSERT INTO outbox_counts (kind, enqueued, enqueued_bytes)
      SELECT kind, count(*), sum(bytes) FROM outbox_items WHERE true GROUP BY kind
      ON CONFLICT (kind) DO UPDATE SET
        enqueued = max(enqueued, delivered + dropped + excluded.enqueued),
        enqueued_bytes = max(enqueued_bytes, delivered_bytes + dropped_bytes + excluded.enqueued_bytes);
  `);
}
