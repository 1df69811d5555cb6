import assert from 'node:assert/strict';
import { test } from 'node:test';
import { openTestLedger, sealedCase, someArchive } from './testing/ledger.ts';

const sealed = Buffer.from('opaque');
const expiresAt = '2040-01-01T00:00:00.000Z';

test('a ticket for an archive that left its batch meanwhile is kept only to be closed', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId, archives } = await sealedCase(ledger);
  const archiveId = archives[0]?.archiveId ?? '';
  await ledger.batch('review', [archiveId]);
  await ledger.hold(caseId, 'unreadable', 'hint');
  assert.equal(await ledger.startUpload({ archiveId, correlationId: 'late', sealed, expiresAt }), false);
  assert.equal(ledger.read.ticketOf(archiveId), undefined);
  assert.deepEqual(
    ledger.read.ticketsToClose().map(({ correlationId, state }) => [correlationId, state]),
    [['late', 'abandoned']],
  );
  assert.equal(ledger.read.caseById(caseId)?.stage, 'held');
});

test('an archive has one ticket at a time; the one before is given up', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { archives } = await sealedCase(ledger);
  const archiveId = archives[0]?.archiveId ?? '';
  await ledger.batch('review', [archiveId]);
  for (const correlationId of ['one', 'two']) {
    assert.equal(await ledger.startUpload({ archiveId, correlationId, sealed, expiresAt }), true);
  }
  assert.equal(ledger.read.ticketOf(archiveId)?.correlationId, 'two');
  assert.deepEqual(
    ledger.read.ticketsToClose().map(({ correlationId }) => correlationId),
    ['one'],
  );
  await assert.rejects(ledger.closeTicket({ correlationId: 'two' }), { code: 'ILLEGAL_MOVE' });
  await ledger.closeTicket({ correlationId: 'one' });
  await ledger.markUploaded({ archiveId, blob: 'b' });
  assert.deepEqual(
    ledger.read.ticketsToClose().map(({ correlationId, state }) => [correlationId, state]),
    [['two', 'committed']],
  );
});

test('a batch is complete when every archive of it is a blob, and not before', async (t) => {
  const { ledger } = await openTestLedger(t);
  const archives = [someArchive(), someArchive()];
  for (const archive of archives) await sealedCase(ledger, [archive]);
  const [one = '', two = ''] = archives.map(({ archiveId }) => archiveId);
  const batchId = await ledger.batch('review', [one, two]);
  for (const archiveId of [one, two]) {
    await assert.rejects(ledger.completeBatch({ batchId, manifest: '{}' }), { code: 'ILLEGAL_MOVE' });
    await ledger.startUpload({ archiveId, correlationId: archiveId, sealed, expiresAt });
    await ledger.markUploaded({ archiveId, blob: 'b' });
  }
  await ledger.completeBatch({ batchId, manifest: '{}' });
  assert.equal(ledger.read.openBatches()[0]?.state, 'uploaded');
  await assert.rejects(ledger.completeBatch({ batchId, manifest: '{}' }), { code: 'ILLEGAL_MOVE' });
});

test('a held case leaves its batch; the last one dissolves it', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [one, two] = [await sealedCase(ledger), await sealedCase(ledger)];
  const ids = [one, two].map(({ archives }) => archives[0]?.archiveId ?? '');
  const batchId = await ledger.batch('review', ids);
  await ledger.hold(one.caseId, 'unreadable', 'hint');
  assert.deepEqual(
    ledger.read.archivesInBatch(batchId).map(({ caseId }) => caseId),
    [two.caseId],
  );
  await ledger.hold(two.caseId, 'unreadable', 'hint');
  assert.deepEqual(ledger.read.openBatches(), []);
});

test('a case that is held after its batch was announced may still be delivered', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId, archives } = await sealedCase(ledger);
  const archiveId = archives[0]?.archiveId ?? '';
  const batchId = await ledger.batch('review', [archiveId]);
  await ledger.startUpload({ archiveId, correlationId: 'c', sealed, expiresAt });
  await ledger.markUploaded({ archiveId, blob: 'b' });
  await ledger.completeBatch({ batchId, manifest: '{}' });
  await ledger.hold(caseId, 'unreadable', 'hint');
  assert.equal(ledger.read.archivesInBatch(batchId).length, 1);
  const { sha256, bytes } = archives[0] ?? assert.fail();
  const receipt = {
    ...{ v: 1 as const, batch: batchId, device: 'd', bytes, previous: null, durability: 'fsync' as const },
    ...{ archives: [{ archiveId, sha256, bytes }], storedAt: '2030-01-01T00:00:00Z' },
  };
  assert.deepEqual(await ledger.acceptReceipt('d', { receipt, jws: 'j', sha256: 'f' }), {
    kind: 'accepted',
    delivered: [caseId],
  });
  const delivered = ledger.read.caseById(caseId);
  assert.deepEqual([delivered?.stage, delivered?.reason, delivered?.hint], ['delivered', undefined, undefined]);
});

test('blocks are remembered until the endpoint no longer has them, or the name is spoilt', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { archives } = await sealedCase(ledger);
  const archiveId = archives[0]?.archiveId ?? '';
  await ledger.batch('review', [archiveId]);
  await ledger.startUpload({ archiveId, correlationId: 'c', sealed, expiresAt });
  for (const [start, blockId] of [
    [500, 'b'],
    [0, 'a'],
    [900, 'c'],
  ] as const) {
    await ledger.addBlock({ archiveId, start, bytes: 100, blockId });
  }
  assert.deepEqual(
    ledger.read.blocksOf(archiveId).map(({ blockId }) => blockId),
    ['a', 'b', 'c'],
  );
  await ledger.keepBlocks({ archiveId, blockIds: ['a', 'c', 'of another'] });
  assert.deepEqual(
    ledger.read.blocksOf(archiveId).map(({ start }) => start),
    [0, 900],
  );
  await ledger.abandonTicket({ correlationId: 'c', newName: true });
  assert.deepEqual(ledger.read.blocksOf(archiveId), []);
  assert.equal(ledger.read.archivesInBatch(ledger.read.openBatches()[0]?.batchId ?? '')[0]?.nameTry, 2);
  await assert.rejects(ledger.abandonTicket({ correlationId: 'unknown', newName: false }), { code: 'NO_SUCH_ROW' });
});
