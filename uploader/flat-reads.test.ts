import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openReader, openStore } from '../core/database.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { flatReadsMigration } from './flat-reads.ts';
import { ledgerMigrations } from './ledger-schema.ts';
import { openTestLedger, sealedCase, someArchive, someEntry, uploadedBatch } from './testing/ledger.ts';

test('the counts of cases are those of their rows, however cases move', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const archives = [someArchive()];
  await sealedCase(ledger, archives);
  const { caseId } = await sealedCase(ledger);
  await ledger.detect(someEntry());
  await ledger.hold(caseId, 'unreadable', 'hint');
  await uploadedBatch(ledger, archives);
  const db = openReader(path);
  t.after(() => db.close());
  const rows = db.prepare('SELECT stage, count(*) AS cases FROM cases GROUP BY stage').all() as {
    stage: string;
    cases: number;
  }[];
  assert.equal(rows.length, 3);
  assert.deepEqual(ledger.read.stageCounts(), Object.fromEntries(rows.map(({ stage, cases }) => [stage, cases])));
});

test('a ledger of an earlier release has its cases counted when it is opened by this one', (t) => {
  const path = join(temporaryFolder(t), 'ledger.db');
  const older = ledgerMigrations.filter(({ version }) => version < flatReadsMigration.version);
  const before = openStore(path, older);
  const insert = before.prepare(
    `INSERT INTO cases (case_id, entry_key, signature, source_sealed, files, source_bytes, stage, detected_at)
     VALUES (?, 'k', 's', x'', 1, 1, 'held', '')`,
  );
  for (let n = 0; n < 3; n++) insert.run(`case-${n}`);
  before.close();
  const db = openStore(path, ledgerMigrations);
  t.after(() => db.close());
  assert.deepEqual(db.prepare('SELECT * FROM case_counts').all(), [{ stage: 'held', cases: 3 }]);
});
