import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { mkdirSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keysPathOf } from '../../archive/index.ts';
import { openReader, readPragma } from '../../core/database.ts';
import { passAlways } from '../../core/gate-flag.ts';
import type { SealedArchiveRow } from '../case-commands.ts';
import type { Ledger } from '../ledger.ts';
import { openTestLedger, sealedCase, someArchive } from '../testing/ledger.ts';
import { receiptFor } from '../testing/receipt-for.ts';
import { releaseRecorded } from './releaser.ts';

const device = 'site-1';
const perBatch = 50;
const batches = 20;
/** As large as a manifest of that many archives with their wrapped keys gets. */
const manifest = JSON.stringify('x'.repeat(100_000));

function bytesBelow(folder: string): number {
  return readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .reduce((sum, { parentPath, name }) => sum + statSync(join(parentPath, name)).size, 0);
}

/** What is in use of the ledger's pages. */
function liveBytes(path: string): number {
  const db = openReader(path);
  const [pages, free, size] = ['page_count', 'freelist_count', 'page_size'].map((name) => Number(readPragma(db, name)));
  db.close();
  return ((pages ?? 0) - (free ?? 0)) * (size ?? 0);
}

async function announced(ledger: Ledger, archives: readonly SealedArchiveRow[]): Promise<string> {
  const batchId = await ledger.batch(
    'review',
    archives.map(({ archiveId }) => archiveId),
  );
  for (const { archiveId } of archives) {
    const ticket = { correlationId: archiveId, sealed: randomBytes(200), expiresAt: '2040-01-01T00:00:00Z' };
    await ledger.startUpload({ archiveId, ...ticket });
    await ledger.addBlock({ archiveId, start: 0, bytes: 1000, blockId: randomBytes(32).toString('base64') });
    await ledger.markUploaded({ archiveId, blob: `device/${archiveId}.case` });
    await ledger.closeTicket({ correlationId: archiveId });
  }
  await ledger.completeBatch({ batchId, manifest });
  return batchId;
}

test('DISK-03, lesson 4: after a thousand cases were delivered and released, the folder is at most 1.05 of what is live', async (t) => {
  const { ledger, path, folder } = await openTestLedger(t);
  const cases = join(folder, 'cases');
  mkdirSync(cases);
  const made = await Promise.all(
    Array.from({ length: batches }, async () => {
      const archives = Array.from({ length: perBatch }, () => someArchive());
      for (const { file } of archives) {
        writeFileSync(join(cases, file), 'ciphertext '.repeat(90));
        writeFileSync(keysPathOf(join(cases, file)), 'wrapped key');
      }
      await Promise.all(archives.map((archive) => sealedCase(ledger, [archive])));
      return { archives, batchId: await announced(ledger, archives) };
    }),
  );
  const atMost = bytesBelow(folder);
  for (const { archives, batchId } of made) {
    await ledger.acceptReceipt(device, receiptFor(ledger, batchId, device));
    await ledger.beginRelease(archives.map(({ archiveId }) => archiveId));
    await releaseRecorded({ ledger, folder: cases, onReleased: () => {} }, passAlways);
    await ledger.compact();
  }
  assert.equal(ledger.read.cases().filter(({ stage }) => stage === 'released').length, batches * perBatch);
  assert.deepEqual(readdirSync(cases), []);
  // The index of the write-ahead log is memory that the connections share; it is as large as the log has ever been.
  const now = bytesBelow(folder) - statSync(`${path}-shm`).size;
  const live = liveBytes(path);
  t.diagnostic(`${now} bytes, ${live} live, ${(now / live).toFixed(3)}; at most it had been ${atMost}`);
  assert.ok(now <= 1.05 * live);
  assert.ok(now < atMost / 2, 'there was something to give back');
});
