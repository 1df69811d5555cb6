import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import type { ItemClass } from '../../protocol/outbox.ts';
import type { Ledger } from '../ledger.ts';
import { openTestLedger, sealedCase } from '../testing/ledger.ts';

/** What is looked for in files afterwards; so short that it is stored as it is. */
const anatomy = randomBytes(24).toString('hex');
const findingsOf = (caseId: string) => JSON.stringify({ v: 1, caseId, findings: { anatomy } });
const countsOf = ({ read }: Ledger) => read.outbox.counts().find(({ kind }) => kind === 'findings');
const isInFiles = (folder: string) =>
  readdirSync(folder).some((name) => readFileSync(join(folder, name)).includes(anatomy));

async function gathered(ledger: Ledger, itemClass: ItemClass = 'findings'): Promise<string> {
  return (await ledger.batchItems(itemClass, ledger.read.outbox.queuedItems(itemClass, 100))) ?? assert.fail();
}

/** A batch of what is queued whose manifest is fixed. */
async function announced(ledger: Ledger): Promise<string> {
  const batchId = await gathered(ledger);
  await ledger.completeItems({ batchId, manifest: '{}', itemsSha256: 'a'.repeat(64) });
  return batchId;
}

test('queued findings of a withdrawn case go with it, down to their bytes; nothing left, so nothing is ordered', async (t) => {
  const { ledger, folder } = await openTestLedger(t);
  const { caseId } = await sealedCase(ledger);
  const other = await sealedCase(ledger);
  assert.equal(await ledger.enqueueFindings(caseId, findingsOf(caseId)), true);
  assert.equal(await ledger.enqueueFindings(other.caseId, '{"other":1}'), true);
  // As releases before stored them: one segment for what came at the same time.
  await Promise.all([
    ledger.enqueue({ kind: 'safety', body: 'stays' }),
    ledger.enqueue({ kind: 'findings', body: findingsOf(caseId) }),
    ledger.enqueue({ kind: 'twin', body: 'stays too' }),
  ]);
  assert.ok(isInFiles(folder));
  assert.deepEqual(await ledger.withdraw(caseId), { state: 'local', isNew: true });
  await ledger.compact();
  assert.equal(isInFiles(folder), false);
  const { queued, dropped, enqueued } = countsOf(ledger) ?? assert.fail();
  assert.deepEqual([queued, dropped, enqueued], [1, 2, 3]);
  const bodies = (['safety', 'twin', 'findings'] as const).map((itemClass) => {
    const [item] = ledger.read.outbox.queuedItems(itemClass, 1);
    return String(ledger.read.outbox.bodyAt(item ?? assert.fail()));
  });
  assert.deepEqual(bodies, ['stays', 'stays too', '{"other":1}']);
});

test('findings of a case that was withdrawn while it was analysed are not stored', async (t) => {
  const { ledger, folder } = await openTestLedger(t);
  const { caseId } = await sealedCase(ledger);
  await ledger.withdraw(caseId);
  assert.equal(await ledger.enqueueFindings(caseId, findingsOf(caseId)), false);
  assert.equal(countsOf(ledger), undefined);
  assert.equal(isInFiles(folder), false);
});

test('a batch that is being made of them is dissolved, its key forgotten; the rest of it travels anew', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [one, other] = [await sealedCase(ledger), await sealedCase(ledger)];
  for (const { caseId } of [one, other]) await ledger.enqueueFindings(caseId, findingsOf(caseId));
  const batchId = await gathered(ledger);
  const sealed = { batchId, sealedKey: randomBytes(40), envelope: '{}', sha256: 'b'.repeat(64), bytes: 5 };
  await ledger.sealItems(sealed);
  await ledger.startUpload({ archiveId: batchId, correlationId: 'c', sealed: randomBytes(8), expiresAt: '2040-01-01' });
  await ledger.markItemsUploaded({ batchId, blob: 'device/b.items' });
  assert.equal((await ledger.withdraw(one.caseId)).state, 'local', 'no manifest named it');
  assert.deepEqual(ledger.read.openBatches(), []);
  assert.equal(ledger.read.outbox.itemBatch(batchId)?.sealed, undefined);
  // Whoever was about to finish it cannot.
  const complete = { batchId, manifest: '{}', itemsSha256: 'a'.repeat(64) };
  await assert.rejects(ledger.completeItems(complete), { code: 'ILLEGAL_MOVE' });
  await assert.rejects(ledger.sealItems(sealed), { code: 'ILLEGAL_MOVE' });
  const again = await gathered(ledger);
  assert.deepEqual(
    ledger.read.outbox.readBatch(again).map(({ body }) => String(body)),
    [findingsOf(other.caseId)],
  );
});

test('what was announced is awaited, ordered away though no archive left, and gone once the receiver refuses it', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId } = await sealedCase(ledger);
  await ledger.enqueueFindings(caseId, findingsOf(caseId));
  const batch = await announced(ledger);
  assert.deepEqual(await ledger.withdraw(caseId), { state: 'ordered', isNew: true });
  assert.equal(countsOf(ledger)?.sending, 1);
  const [order] = ledger.read.outbox.queuedItems('safety', 1);
  const said = JSON.parse(String(ledger.read.outbox.bodyAt(order ?? assert.fail())));
  assert.deepEqual([said.caseId, said.archives], [caseId, []]);
  const { id } = ledger.read.outbox.readBatch(batch)[0] ?? assert.fail();
  const items = { count: 1, sha256: 'a'.repeat(64), refused: [{ id, code: 'CASE_WITHDRAWN' }] };
  const receipt = { v: 1 as const, batch, device: 'site-1', archives: [], items, bytes: 0, previous: null };
  const stored = { storedAt: '2030-01-01T00:00:00.000Z', durability: 'fsync' as const };
  const accepted = { receipt: { ...receipt, ...stored }, jws: 'jws', sha256: 'c'.repeat(64) };
  assert.equal((await ledger.acceptReceipt('site-1', accepted)).kind, 'accepted');
  const { sending, parked, dropped, delivered } = countsOf(ledger) ?? assert.fail();
  assert.deepEqual([sending, parked, dropped, delivered], [0, 0, 1, 0]);
});

test('a refused batch goes on without findings of a case that was withdrawn since', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [one, other] = [await sealedCase(ledger), await sealedCase(ledger)];
  for (const { caseId } of [one, other]) await ledger.enqueueFindings(caseId, findingsOf(caseId));
  const batchId = await announced(ledger);
  await ledger.withdraw(one.caseId);
  await ledger.refuseBatch({ batchId, code: 'BLOB_LOST', hint: '' });
  const bodies = ledger.read
    .openBatches()
    .filter(({ tier }) => tier === 'items')
    .flatMap((open) => ledger.read.outbox.readBatch(open.batchId).map(({ body }) => String(body)));
  assert.deepEqual(bodies, [findingsOf(other.caseId)]);
});
