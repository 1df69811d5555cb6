import assert from 'node:assert/strict';
import { mkdirSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { keysPathOf } from '../archive/index.ts';
import { passAlways } from '../core/gate-flag.ts';
import { releaseRecorded } from '../uploader/index.ts';
import { openTestLedger, sealedCase, someArchive } from '../uploader/testing/ledger.ts';
import { receiptFor } from '../uploader/testing/receipt-for.ts';
import { IdentifierSearch } from './harness/search.ts';

const planted = {
  archive: 'Mustermann-in-the-archive',
  keys: 'Mustermann-in-the-keys',
  manifest: 'Mustermann-in-the-manifest',
  ticket: 'Mustermann-in-the-ticket',
  block: 'Mustermann-in-the-block',
};
const everything = Object.values(planted);
const search = new IdentifierSearch(everything);

test('DISK-04: of what served a delivery nothing is in the raw folder after the release, free pages and write-ahead log included', async (t) => {
  const { ledger, folder } = await openTestLedger(t);
  const cases = join(folder, 'cases');
  mkdirSync(cases);
  const found = () => new Set(search.inFolder(folder).map(({ canary }) => canary));
  const where = () => new Set(search.inFolder(folder).map((hit) => hit.where));
  // Others around it, so that its pages are not the last ones of the file.
  const seal = async () => {
    const archive = someArchive();
    writeFileSync(join(cases, archive.file), planted.archive);
    writeFileSync(keysPathOf(join(cases, archive.file)), planted.keys);
    await sealedCase(ledger, [archive]);
    return archive;
  };
  const archives = [await seal(), await seal(), await seal()];
  const ids = archives.map(({ archiveId }) => archiveId);
  const batchId = await ledger.batch('review', ids);
  for (const archiveId of ids) {
    const ticket = { correlationId: archiveId, sealed: Buffer.from(planted.ticket), expiresAt: '2040-01-01T00:00:00Z' };
    await ledger.startUpload({ archiveId, ...ticket });
    await ledger.addBlock({ archiveId, start: 0, bytes: 1000, blockId: planted.block });
    await ledger.compact();
    if (archiveId === ids[0]) {
      assert.deepEqual(found(), new Set(everything.filter((one) => one !== planted.manifest)), 'the search finds it');
    }
    await ledger.markUploaded({ archiveId, blob: `device/${archiveId}.case` });
    await ledger.closeTicket({ correlationId: archiveId });
  }
  await ledger.completeBatch({ batchId, manifest: JSON.stringify(planted.manifest.repeat(3000)) });
  await ledger.compact();
  assert.ok(where().has('ledger.db'));
  await ledger.acceptReceipt('site-1', receiptFor(ledger, batchId, 'site-1'));
  await ledger.beginRelease(ids);
  await releaseRecorded({ ledger, folder: cases, onReleased: () => {} }, passAlways);
  assert.deepEqual(where(), new Set(['ledger.db']), 'what a release without its last step would leave');
  await ledger.compact();
  assert.deepEqual(search.inFolder(folder), []);
});
