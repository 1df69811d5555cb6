import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import type { Ledger } from '../ledger.ts';
import {
  announcedBatch,
  openTestLedger,
  sealedCase,
  someArchive,
  someCounts,
  someEntry,
  uploadedBatch,
} from '../testing/ledger.ts';
import { receiptFor } from '../testing/receipt-for.ts';

const device = 'site-1';
const stageOf = (ledger: Ledger, caseId: string) => ledger.read.caseById(caseId)?.stage;
const withdrawals = (ledger: Ledger) =>
  ledger.read.outbox.counts().find(({ kind }) => kind === 'withdrawal')?.queued ?? 0;

test('a person keeps a case back before it travels, and it goes on with the archives it has', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId, archives } = await sealedCase(ledger, [someArchive('review'), someArchive('study')]);
  await ledger.batch('review', [archives[0]!.archiveId]);
  assert.equal(await ledger.holdByPerson(caseId, 'because'), 'held');
  assert.deepEqual(ledger.read.tiersToBatch(), []);
  assert.deepEqual(ledger.read.openBatches(), [], 'its batch is dissolved');
  assert.equal(ledger.read.caseById(caseId)?.reason, 'by-person');
  assert.equal(await ledger.resume(caseId, false), 'sealed');
  assert.deepEqual(ledger.read.tiersToBatch().toSorted(), ['review', 'study']);
  assert.deepEqual([ledger.read.caseById(caseId)?.reason, ledger.read.caseById(caseId)?.hint], [undefined, undefined]);
});

test('a case that goes on where some of it is at the hub takes up there, whatever comes next', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [review, study] = [someArchive('review'), someArchive('study')];
  const { caseId } = await sealedCase(ledger, [review, study]);
  const batchId = await uploadedBatch(ledger, [review]);
  await ledger.holdByPerson(caseId, 'because');
  assert.equal(await ledger.resume(caseId, false), 'uploading');
  await ledger.refuseBatch({ batchId, code: 'BLOB_LOST', hint: '' });
  assert.equal(stageOf(ledger, caseId), 'uploading');
  for (const archive of [review, study]) {
    const again = await uploadedBatchOf(ledger, archive);
    await ledger.acceptReceipt(device, receiptFor(ledger, again, device));
  }
  assert.equal(stageOf(ledger, caseId), 'delivered');
});

test('what was sent cannot be kept back, and what is not sealed does not go on with archives', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseIds } = await announcedBatch(ledger, [someArchive()]);
  await assert.rejects(ledger.holdByPerson(caseIds[0]!, ''), { code: 'ILLEGAL_MOVE' });
  const { caseId } = await ledger.detect(someEntry());
  await ledger.holdByPerson(caseId, '');
  await assert.rejects(ledger.resume(caseId, true), { code: 'ILLEGAL_MOVE' });
  assert.equal(await ledger.release(caseId), 'detected');
});

test('what the receiver refused is sent again under another name when a person asks', async (t) => {
  const { ledger } = await openTestLedger(t);
  const archive = someArchive();
  const { batchId, caseIds } = await announcedBatch(ledger, [archive]);
  await ledger.refuseBatch({ batchId, code: 'ARCHIVE_REFUSED', hint: 'no' });
  const [caseId] = caseIds as [string];
  assert.equal(stageOf(ledger, caseId), 'held');
  assert.equal(await ledger.resume(caseId, true), 'sealed');
  const [next] = ledger.read.nextArchivesToBatch();
  assert.deepEqual([next?.archiveId, next?.nameTry, next?.blob], [archive.archiveId, 2, undefined]);
});

test('a case that never left is withdrawn here alone; nothing is ordered', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId } = await sealedCase(ledger);
  await ledger.batch(
    'review',
    ledger.read.archivesOf(caseId).map(({ archiveId }) => archiveId),
  );
  assert.deepEqual(await ledger.withdraw(caseId), { state: 'local', isNew: true });
  assert.deepEqual(await ledger.withdraw(caseId), { state: 'local', isNew: false });
  assert.deepEqual([ledger.read.openBatches(), withdrawals(ledger)], [[], 0]);
  assert.equal(ledger.read.archivesReleasing().length, 1);
  const found = ledger.read.caseById(caseId);
  assert.deepEqual([found?.stage, found?.withdrawn?.state], ['withdrawn', 'local']);
  assert.equal(ledger.read.caseRecord(caseId)?.sourceSealed.length, 0, 'its name is forgotten');
});

test('a delivered case is withdrawn with an order, once, however often it is asked for', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { batchId, caseIds } = await announcedBatch(ledger, [someArchive()]);
  await ledger.acceptReceipt(device, receiptFor(ledger, batchId, device));
  const [caseId] = caseIds as [string];
  const answers = await Promise.all([1, 2, 3].map(() => ledger.withdraw(caseId)));
  assert.deepEqual(
    answers.map(({ isNew }) => isNew),
    [true, false, false],
  );
  assert.equal(withdrawals(ledger), 1);
  await ledger.certify({ caseId, certificate: 'jws' });
  await ledger.certify({ caseId, certificate: 'another' });
  const { withdrawn } = ledger.read.caseById(caseId) ?? {};
  assert.deepEqual([withdrawn?.state, withdrawn?.certificate], ['certified', 'jws']);
});

test('whatever still comes for a withdrawn case changes nothing: its receipt, its refusal, its upload', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [one, other] = [someArchive(), someArchive()];
  const { batchId, caseIds } = await announcedBatch(ledger, [one, other]);
  const [withdrawn, innocent] = caseIds as [string, string];
  await ledger.withdraw(withdrawn);
  const outcome = await ledger.acceptReceipt(device, receiptFor(ledger, batchId, device));
  assert.deepEqual(outcome, { kind: 'accepted', delivered: [innocent] });
  assert.deepEqual([stageOf(ledger, withdrawn), stageOf(ledger, innocent)], ['withdrawn', 'delivered']);

  const third = someArchive();
  const { caseId } = await sealedCase(ledger, [third]);
  await ledger.batch('review', [third.archiveId]);
  const ticket = { archiveId: third.archiveId, correlationId: 'c', sealed: Buffer.alloc(1), expiresAt: '2040' };
  await ledger.startUpload(ticket);
  await ledger.withdraw(caseId);
  assert.equal(ledger.read.ticketOf(third.archiveId), undefined, 'its upload is stopped');
  assert.equal(await ledger.markUploaded({ archiveId: third.archiveId, blob: 'b' }), 'withdrawn');
  assert.equal(ledger.read.withdrawalOf(caseId)?.state, 'ordered', 'a blob may be there');
});

test('a batch that is refused for what was withdrawn goes on without it', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [one, other] = [someArchive(), someArchive()];
  const { batchId, caseIds } = await announcedBatch(ledger, [one, other]);
  await ledger.withdraw(caseIds[0]!);
  assert.equal(await ledger.refuseBatch({ batchId, code: 'CASE_WITHDRAWN', hint: '' }), 'announce-alone');
  assert.deepEqual(
    ledger.read.nextArchivesToBatch().map(({ archiveId }) => archiveId),
    [other.archiveId],
  );
});

test('deltas on a withdrawn base go with it; the study is whole again next time, and forgotten with its last case', async (t) => {
  const { ledger, first, second, base, delta } = await studyOfTwo(t);
  await ledger.withdraw(first);
  assert.deepEqual(
    ledger.read.archivesReleasing().map(({ archiveId, releaseWhy }) => [archiveId, releaseWhy]),
    [
      [base.archiveId, 'withdrawn'],
      [delta.archiveId, 'base-withdrawn'],
    ],
  );
  assert.deepEqual(ledger.read.tiersToBatch(), ['review'], 'of the second export the review tier still goes');
  const study = ledger.read.studyOf(second);
  assert.equal(study?.base, undefined);
  assert.ok(study?.linkageSealed);
  await ledger.withdraw(second);
  assert.equal(ledger.read.studyOf(second)?.linkageSealed, undefined);
});

/** Two exports of one study, the second a delta on the first, which is delivered. */
async function studyOfTwo(t: TestContext) {
  const { ledger } = await openTestLedger(t);
  const base = someArchive('study');
  const delta = { ...someArchive('study'), base: base.archiveId };
  const claim = { marks: ['map:1', 'session:1 1', 'session:2 2'] as const, profile: 'pseudonymised' as const };
  const cases: string[] = [];
  for (const [revision, archives] of [[base], [someArchive('review'), delta]].entries()) {
    const { caseId } = await ledger.detect(someEntry());
    await ledger.settle(caseId, 'fingerprint', someCounts, claim);
    const outcome = { linkageSealed: Buffer.from('codes'), revision };
    const files = [['name', 'content']] as const;
    const whole = revision === 0 ? { base: { archiveId: base.archiveId, files } } : {};
    await ledger.seal(caseId, someCounts, archives, { ...outcome, ...whole });
    cases.push(caseId);
    if (revision > 0) continue;
    const batchId = await uploadedBatch(ledger, [base]);
    await ledger.acceptReceipt(device, receiptFor(ledger, batchId, device));
  }
  return { ledger, first: cases[0]!, second: cases[1]!, base, delta };
}

async function uploadedBatchOf(ledger: Ledger, { archiveId, tier }: { archiveId: string; tier: 'review' | 'study' }) {
  const batchId = await ledger.batch(tier, [archiveId]);
  const correlationId = `${archiveId}-again`;
  await ledger.startUpload({ archiveId, correlationId, sealed: Buffer.alloc(1), expiresAt: '2040-01-01T00:00:00Z' });
  await ledger.markUploaded({ archiveId, blob: `device/${archiveId}-2.case` });
  await ledger.completeBatch({ batchId, manifest: '{}' });
  return batchId;
}
