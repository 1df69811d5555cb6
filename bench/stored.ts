import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { openStore } from '../core/database.ts';
import { silentLog } from '../core/log.ts';
import { newId, randomDigits } from '../protocol/ids.ts';
import { Ledger, ledgerMigrations } from '../uploader/index.ts';

/** Makes a ledger that holds so many delivered cases, as they are after years, and so many queued items. Returns its path. */
export async function storedLedger(
  folder: string,
  { cases = 0, items = 0 }: { readonly cases?: number; readonly items?: number },
): Promise<string> {
  const path = join(folder, 'ledger.db');
  await (await Ledger.open({ path, log: silentLog })).close();
  const db = openStore(path, ledgerMigrations);
  const at = '2026-01-01T00:00:00.000Z';
  const insert = {
    case: db.prepare(
      `INSERT INTO cases (case_id, entry_key, signature, source_sealed, files, source_bytes, stage, detected_at,
         delivered_at, maps, points, lesions, fingerprint)
       VALUES (@caseId, @key, @key, @sealed, 100, 1000000, 'delivered', @at, @at, 4, 1000, 20, @key)`,
    ),
    batch: db.prepare("INSERT INTO batches (batch_id, tier, state, created_at) VALUES (?, ?, 'receipted', ?)"),
    archive: db.prepare(
      `INSERT INTO archives (archive_id, case_id, tier, file, keys_file, sha256, bytes, files, batch_id, blob,
         receipted_at, kept, sealed_at)
       VALUES (@archiveId, @caseId, @tier, @archiveId, @archiveId, @sha256, 1000000, 100, @batchId, @archiveId, @at, 'gone', @at)`,
    ),
    receipt: db.prepare('INSERT INTO receipts (batch_id, jws, sha256, stored_at, accepted_at) VALUES (?, ?, ?, ?, ?)'),
    segment: db.prepare("INSERT INTO outbox_segments VALUES (?, ?, ?, 'plain', ?)"),
    item: db.prepare("INSERT INTO outbox_items (segment, n, kind, start, bytes) VALUES (?, ?, 'telemetry', ?, 100)"),
    counts: db.prepare("INSERT INTO outbox_counts (kind, enqueued, enqueued_bytes) VALUES ('telemetry', ?, ?)"),
  };
  const jws = 'x'.repeat(700);
  inPortions(db, cases, () => {
    const caseId = newId('case');
    insert.case.run({ caseId, key: randomBytes(32).toString('hex'), sealed: randomBytes(60), at });
    for (const tier of ['review', 'study']) {
      const batchId = newId('bat');
      insert.batch.run(batchId, tier, at);
      const sha256 = randomBytes(32).toString('hex');
      insert.archive.run({ archiveId: newId('arc'), caseId, tier, sha256, batchId, at });
      insert.receipt.run(batchId, jws, sha256, at, at);
    }
  });
  const perSegment = 500;
  inPortions(db, Math.ceil(items / perSegment), (segment) => {
    insert.segment.run(segment + 1, randomDigits(10), at, randomBytes(100 * perSegment));
    for (let n = 0; n < perSegment; n++) insert.item.run(segment + 1, n, n * 100);
  });
  if (items > 0) insert.counts.run(items, items * 100);
  db.close();
  return path;
}

function inPortions(db: ReturnType<typeof openStore>, count: number, each: (n: number) => void): void {
  for (let start = 0; start < count; start += 5_000) {
    db.transaction(() => {
      for (let n = start; n < Math.min(start + 5_000, count); n++) each(n);
    })();
  }
}
