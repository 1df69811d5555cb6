import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openReader } from '../core/database.ts';
import { sha256 } from '../core/digest.ts';
import { silentLog } from '../core/log.ts';
import { newId } from '../protocol/ids.ts';
import type { Receipt } from '../protocol/receipt.ts';
import { Acknowledgements } from './acknowledgements.ts';
import { maxRefusals } from './receipt-commands.ts';
import { announcedBatch, openTestLedger, sealedCase, someArchive, uploadedBatch } from './testing/ledger.ts';
import { ReceiptSigner } from './testing/receiver.ts';

const device = 'site-1';

async function makeWorld(t: TestContext) {
  const { ledger, path } = await openTestLedger(t);
  const signer = new ReceiptSigner();
  const events: string[] = [];
  const acknowledgements = new Acknowledgements({
    ...{ ledger, log: silentLog, device, receiptKeys: [signer.publicKey] },
    onAccepted: (batchId, delivered) => events.push(`accepted ${batchId} ${delivered.length}`),
    onEarly: (batchId) => events.push(`early ${batchId}`),
    onRefused: (batchId) => events.push(`refused ${batchId}`),
  });
  const archives = [someArchive(), { ...someArchive(), bytes: 2345 }];
  const { batchId, caseIds } = await announcedBatch(ledger, archives);
  const right = signer.receipt(batchId, device, archives);
  return { ledger, path, signer, acknowledgements, events, archives, batchId, caseIds, right };
}

/** Everything that a refused receipt must not change. */
function factsOf(path: string): string {
  const db = openReader(path);
  const rows = ['cases', 'archives', 'batches', 'receipts'].map((table) => db.prepare(`SELECT * FROM ${table}`).all());
  db.close();
  return JSON.stringify(rows);
}

test('COURIER-07: the right receipt delivers its cases, once; again it is answered well and changes nothing', async (t) => {
  const { ledger, path, signer, acknowledgements, events, batchId, caseIds, right } = await makeWorld(t);
  const receipt = await signer.issue(right);
  assert.deepEqual(await acknowledgements.accept({ receipt }), {
    status: 200,
    payload: { batch: batchId, status: 'accepted' },
  });
  for (const caseId of caseIds) {
    const delivered = ledger.read.caseById(caseId);
    assert.equal(delivered?.stage, 'delivered');
    assert.ok(delivered?.deliveredAt);
  }
  assert.equal(ledger.read.lastReceipt()?.sha256, sha256(receipt));
  assert.equal(ledger.read.lastReceipt()?.jws, receipt);
  assert.deepEqual(ledger.read.openBatches(), []);
  assert.equal(ledger.read.manifestOf(batchId), undefined, 'wrapped keys are not kept longer than needed');
  const before = factsOf(path);
  assert.deepEqual(await acknowledgements.accept({ receipt }), {
    status: 200,
    payload: { batch: batchId, status: 'repeated' },
  });
  assert.equal(factsOf(path), before);
  assert.deepEqual(ledger.read.refusals(), []);
  assert.deepEqual(events, [`accepted ${batchId} 2`]);
});

type World = Awaited<ReturnType<typeof makeWorld>>;
const other = sha256('something else');

/** Each way in which a receipt can be wrong: what arrives, and the code it is refused with. */
const wrongs: Readonly<Record<string, [(world: World) => Promise<unknown>, string, number]>> = {
  'another batch': [async (w) => receipt(w, { batch: newId('bat') }), 'BATCH_UNKNOWN', 404],
  'another device': [async (w) => receipt(w, { device: 'site-2' }), 'DEVICE_MISMATCH', 409],
  'another digest': [async (w) => receipt(w, changed(w, { sha256: other })), 'DIGEST_MISMATCH', 409],
  'another size': [async (w) => receipt(w, changed(w, { bytes: 999 })), 'BYTES_MISMATCH', 409],
  'another archive': [async (w) => receipt(w, changed(w, { archiveId: newId('arc') })), 'ARCHIVES_MISMATCH', 409],
  'an archive less': [async (w) => receipt(w, { archives: w.right.archives.slice(1) }), 'ARCHIVES_MISMATCH', 409],
  'an archive more': [
    async (w) => receipt(w, { archives: [...w.right.archives, { archiveId: newId('arc'), sha256: other, bytes: 1 }] }),
    'ARCHIVES_MISMATCH',
    409,
  ],
  'an archive twice': [
    async (w) => receipt(w, { archives: [...w.right.archives, ...w.right.archives.slice(1)] }),
    'ARCHIVES_MISMATCH',
    409,
  ],
  'another sum': [async (w) => receipt(w, { bytes: w.right.bytes - 1 }), 'TOTAL_MISMATCH', 409],
  'another previous receipt': [async (w) => receipt(w, { previous: other }), 'PREVIOUS_MISMATCH', 409],
  'a key that is not known': [
    async (w) => ({ receipt: await new ReceiptSigner('receipts-9').sign(w.right) }),
    'UNKNOWN_KEY',
    401,
  ],
  'a key that only has the right name': [
    async (w) => ({ receipt: await new ReceiptSigner().sign(w.right) }),
    'BAD_SIGNATURE',
    401,
  ],
  'a payload that was changed after signing': [
    async (w) => {
      const [header, , signature] = (await w.signer.sign(w.right)).split('.');
      const payload = Buffer.from(JSON.stringify({ ...w.right, durability: 'replicated' })).toString('base64url');
      return { receipt: [header, payload, signature].join('.') };
    },
    'BAD_SIGNATURE',
    401,
  ],
  'no signature at all': [
    async (w) => {
      const header = Buffer.from(JSON.stringify({ alg: 'none', kid: w.signer.kid })).toString('base64url');
      return { receipt: `${header}.${Buffer.from(JSON.stringify(w.right)).toString('base64url')}.` };
    },
    'BAD_SIGNATURE',
    401,
  ],
  'a payload that is no receipt': [async (w) => receipt(w, { v: 2 as never }), 'MALFORMED', 400],
  'no JWS': [async () => ({ receipt: 'all is well' }), 'MALFORMED', 400],
  'no acknowledgement': [async () => ({ receipt: 7 }), 'MALFORMED', 400],
  nothing: [async () => undefined, 'MALFORMED', 400],
};

async function receipt({ signer, right }: World, change: Partial<Receipt>): Promise<unknown> {
  return { receipt: await signer.sign({ ...right, ...change }) };
}

function changed({ right }: World, change: Partial<Receipt['archives'][number]>): Partial<Receipt> {
  return { archives: right.archives.map((archive, n) => (n === 1 ? { ...archive, ...change } : archive)) };
}

for (const [what, [make, code, status]] of Object.entries(wrongs)) {
  test(`COURIER-06: a receipt with ${what} is refused with ${code}, recorded, and releases nothing`, async (t) => {
    const world = await makeWorld(t);
    const before = factsOf(world.path);
    const answer = await world.acknowledgements.accept(await make(world));
    assert.equal(answer.status, status);
    assert.equal((answer.payload as { code?: string }).code, code);
    assert.equal(factsOf(world.path), before);
    assert.deepEqual(
      world.ledger.read.refusals().map((refusal) => refusal.code),
      [code],
    );
    const after = await world.acknowledgements.accept({ receipt: await world.signer.issue(world.right) });
    assert.equal(after.status, 200, 'and the right one is still taken afterwards');
  });
}

test('COURIER-06: a receipt of one batch does not open another one of the same content', async (t) => {
  const { ledger, path, signer, acknowledgements, right } = await makeWorld(t);
  const first = await signer.issue(right);
  await acknowledgements.accept({ receipt: first });
  const archive = someArchive();
  const second = await announcedBatch(ledger, [archive]);
  const before = factsOf(path);
  const stale = await signer.sign({ ...signer.receipt(second.batchId, device, [archive]), previous: null });
  assert.equal((await acknowledgements.accept({ receipt: stale })).status, 409);
  assert.equal((await acknowledgements.accept({ receipt: first })).status, 200, 'the old one is only a repetition');
  assert.equal(factsOf(path), before);
  const third = await signer.sign(right);
  assert.deepEqual((await acknowledgements.accept({ receipt: third })).payload, {
    batch: right.batch,
    code: 'BATCH_CLOSED',
  });
});

test('COURIER-07: a receipt that overtook the one before it is refused now and taken after that one', async (t) => {
  const { ledger, signer, acknowledgements, events, batchId, right } = await makeWorld(t);
  const archive = someArchive();
  const later = await announcedBatch(ledger, [archive]);
  const one = await signer.issue(right);
  const two = await signer.issue(signer.receipt(later.batchId, device, [archive]));
  assert.equal((await acknowledgements.accept({ receipt: two })).status, 409);
  assert.equal((await acknowledgements.accept({ receipt: one })).status, 200);
  assert.equal((await acknowledgements.accept({ receipt: two })).status, 200);
  assert.deepEqual(events, [`early ${later.batchId}`, `accepted ${batchId} 2`, `accepted ${later.batchId} 1`]);
  assert.deepEqual(
    ledger.read.receipts().map(({ sha256: digest }) => digest),
    [sha256(one), sha256(two)],
  );
});

test('a case is delivered only when every archive of it has its receipt', async (t) => {
  const { ledger, signer, acknowledgements, right } = await makeWorld(t);
  await acknowledgements.accept({ receipt: await signer.issue(right) });
  const [review, study] = [someArchive('review'), someArchive('study')];
  const { caseId } = await sealedCase(ledger, [review, study]);
  const first = await uploadedBatch(ledger, [review]);
  assert.equal(ledger.read.caseById(caseId)?.stage, 'uploading');
  await acknowledgements.accept({ receipt: await signer.issue(signer.receipt(first, device, [review])) });
  assert.equal(ledger.read.caseById(caseId)?.stage, 'uploading');
  const second = await uploadedBatch(ledger, [study]);
  assert.equal(ledger.read.caseById(caseId)?.stage, 'uploaded');
  await acknowledgements.accept({ receipt: await signer.issue(signer.receipt(second, device, [study])) });
  assert.equal(ledger.read.caseById(caseId)?.stage, 'delivered');
});

test('an archive that the receiver refuses holds its case, and only the code of it is shown', async (t) => {
  const { ledger, acknowledgements, events } = await makeWorld(t);
  const { batchId, caseIds } = await announcedBatch(ledger, [someArchive()]);
  const refused = { batch: batchId, code: 'ARCHIVE_REFUSED', message: 'patient Doe' };
  assert.equal((await acknowledgements.accept({ refused })).status, 200);
  const held = ledger.read.caseById(caseIds[0] ?? '');
  assert.equal(held?.reason, 'refused-by-receiver');
  assert.match(held?.hint ?? '', /ARCHIVE_REFUSED/);
  assert.doesNotMatch(held?.hint ?? '', /Doe/);
  assert.equal((await acknowledgements.accept({ refused })).status, 200, 'again is fine');
  assert.deepEqual(events, [`refused ${batchId}`, `refused ${batchId}`]);
  assert.deepEqual(ledger.read.nextArchivesToBatch(), []);
});

test('a refused batch of several goes once more, each archive alone and not uploaded again', async (t) => {
  const { ledger, acknowledgements, archives, batchId, caseIds } = await makeWorld(t);
  await acknowledgements.accept({ refused: { batch: batchId, code: 'ARCHIVE_REFUSED', message: '' } });
  assert.deepEqual(ledger.read.openBatches(), []);
  const waiting = ledger.read.nextArchivesToBatch();
  assert.deepEqual(
    waiting.map(({ archiveId, blob, nameTry }) => [archiveId, blob, nameTry]),
    archives.map(({ archiveId }) => [archiveId, `device/${archiveId}.case`, 2]),
  );
  const second = await ledger.batch('review', [archives[0]?.archiveId ?? '']);
  await ledger.completeBatch({ batchId: second, manifest: '{}' });
  assert.equal(ledger.read.caseById(caseIds[0] ?? '')?.stage, 'uploaded');
  await acknowledgements.accept({ refused: { batch: second, code: 'ARCHIVE_REFUSED', message: '' } });
  assert.deepEqual(
    caseIds.map((caseId) => ledger.read.caseById(caseId)?.stage),
    ['held', 'uploaded'],
    'the one at fault is held, the other is not',
  );
});

test('what the receiver never got is uploaded again under another name; its stage goes back', async (t) => {
  const { ledger, acknowledgements, archives, batchId, caseIds } = await makeWorld(t);
  await ledger.hold(caseIds[1] ?? '', 'unreadable', 'a person says so');
  const refused = { batch: batchId, code: 'BLOB_LOST', message: '' };
  await acknowledgements.accept({ refused });
  const before = ledger.read.cases();
  assert.deepEqual(
    before.map(({ stage }) => stage),
    ['uploading', 'held'],
  );
  assert.deepEqual(
    ledger.read.nextArchivesToBatch().map(({ archiveId, blob, nameTry }) => [archiveId, blob, nameTry]),
    [[archives[0]?.archiveId, undefined, 2]],
    'a held case stays at home',
  );
  await acknowledgements.accept({ refused });
  assert.deepEqual(ledger.read.cases(), before, 'the same refusal again changes nothing');
});

test('a refusal cannot take a receipt back, nor touch what was never sent', async (t) => {
  const { ledger, path, signer, acknowledgements, batchId, right } = await makeWorld(t);
  await acknowledgements.accept({ receipt: await signer.issue(right) });
  const { archives } = await sealedCase(ledger);
  const unsent = await ledger.batch('review', [archives[0]?.archiveId ?? '']);
  const before = factsOf(path);
  const refuse = (batch: string) => acknowledgements.accept({ refused: { batch, code: 'X', message: '' } });
  assert.equal((await refuse(batchId)).status, 409);
  assert.equal((await refuse(unsent)).status, 409);
  assert.equal((await refuse(newId('bat'))).status, 404);
  assert.equal(factsOf(path), before);
  assert.deepEqual(
    ledger.read.refusals().map(({ code }) => code),
    ['BATCH_UNKNOWN', 'BATCH_CLOSED', 'BATCH_CLOSED'],
  );
});

test('refusals are kept, but not without end', async (t) => {
  const { ledger } = await openTestLedger(t);
  const many = Array.from({ length: maxRefusals + 30 }, (_, n) => ledger.recordRefusal('MALFORMED', undefined, `${n}`));
  await Promise.all(many);
  const kept = ledger.read.refusals();
  assert.equal(kept.length, maxRefusals);
  assert.equal(kept[0]?.payloadSha256, String(maxRefusals + 29));
});

test('when the ledger is gone the receipt is asked for again, not lost', async (t) => {
  const { ledger, signer, acknowledgements, right } = await makeWorld(t);
  const jws = await signer.issue(right);
  await ledger.close();
  const answer = await acknowledgements.accept({ receipt: jws });
  assert.deepEqual(answer, { status: 429, payload: { code: 'LEDGER_CLOSED' } });
});
