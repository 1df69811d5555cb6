import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { openReader } from '../../core/database.ts';
import { sha256 } from '../../core/digest.ts';
import { silentLog } from '../../core/log.ts';
import { newId } from '../../protocol/ids.ts';
import { type DeletionCertificate, type DeletionOrder, deletionOrderSchema } from '../../protocol/withdrawal.ts';
import { Acknowledgements } from '../acknowledgements.ts';
import { announcedBatch, openTestLedger, someArchive } from '../testing/ledger.ts';
import { ReceiptSigner } from '../testing/receiver.ts';

const device = 'site-1';
const other = sha256('something else');

/** Two cases are withdrawn that were sent, a third is on its way. Nothing is certified yet. */
async function makeWorld(t: TestContext) {
  const { ledger, path } = await openTestLedger(t);
  const signer = new ReceiptSigner();
  const certified: string[] = [];
  const acknowledgements = new Acknowledgements({
    ...{ ledger, log: silentLog, device, receiptKeys: [signer.publicKey] },
    ...{ onAccepted: () => {}, onEarly: () => {}, onRefused: () => {} },
    onCertified: (caseId) => void certified.push(caseId),
  });
  const archives = [someArchive(), { ...someArchive(), bytes: 2345 }, someArchive()];
  const { batchId, caseIds } = await announcedBatch(ledger, archives);
  const [first, second, innocent] = caseIds as [string, string, string];
  await ledger.withdraw(first);
  await ledger.withdraw(second);
  const rightFor = (caseId: string) =>
    certificateFor(deletionOrderSchema.parse(JSON.parse(ledger.read.deletionOrderOf(caseId) ?? '')));
  const receipt = signer.receipt(batchId, device, archives);
  const right = rightFor(first);
  return { ledger, path, signer, acknowledgements, certified, first, second, innocent, rightFor, right, receipt };
}

function certificateFor({ caseId, orderedAt, archives }: DeletionOrder): DeletionCertificate {
  const deletedAt = '2030-01-01T00:00:00.000Z';
  const head = { v: 1, certificate: 'deletion', device, caseId, orderedAt, deletedAt } as const;
  return { ...head, erased: archives, absent: [] };
}

/** Everything that a certificate which is not believed must not change. */
function factsOf(path: string): string {
  const db = openReader(path);
  const tables = ['cases', 'archives', 'batches', 'receipts', 'withdrawals', 'outbox_items'];
  const rows = tables.map((table) => db.prepare(`SELECT * FROM ${table}`).all());
  db.close();
  return JSON.stringify(rows);
}

type World = Awaited<ReturnType<typeof makeWorld>>;

async function signed({ signer, right }: World, change: Partial<DeletionCertificate>): Promise<string> {
  return signer.sign({ ...right, ...change });
}

function erasedBut({ right }: World, change: Partial<DeletionCertificate['erased'][number]>) {
  return { erased: right.erased.map((one) => ({ ...one, ...change })) };
}

/** The certificate with another payload below the same signature. */
async function changedAfterwards({ signer, right }: World): Promise<string> {
  const [header, , signature] = (await signer.sign(right)).split('.');
  const payload = Buffer.from(JSON.stringify({ ...right, deletedAt: '2031-01-01T00:00:00.000Z' }));
  return [header, payload.toString('base64url'), signature].join('.');
}

function unsigned({ signer, right }: World): string {
  const part = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');
  return `${part({ alg: 'none', kid: signer.kid })}.${part(right)}.`;
}

/** Each way in which a certificate of deletion can be wrong: what arrives, and the code it is refused with. */
// biome-ignore format: the columns are the documentation
const wrongs: Readonly<Record<string, [(world: World) => Promise<unknown>, string, number]>> = {
  'of another device':              [async (w) => signed(w, { device: 'site-2' }), 'ORDER_MISMATCH', 409],
  'that answers another order':     [async (w) => signed(w, { orderedAt: '2029-12-31T00:00:00.000Z' }), 'ORDER_MISMATCH', 409],
  'with another digest':            [async (w) => signed(w, erasedBut(w, { sha256: other })), 'ORDER_MISMATCH', 409],
  'with another size':              [async (w) => signed(w, erasedBut(w, { bytes: 999 })), 'ORDER_MISMATCH', 409],
  'for another archive':            [async (w) => signed(w, erasedBut(w, { archiveId: newId('arc') })), 'ORDER_MISMATCH', 409],
  'that leaves an archive out':     [async (w) => signed(w, { erased: [] }), 'ORDER_MISMATCH', 409],
  'with the archives of another case': [async (w) => signed(w, { erased: w.rightFor(w.second).erased }), 'ORDER_MISMATCH', 409],
  'that was changed to name another withdrawn case': [async (w) => signed(w, { caseId: w.second }), 'ORDER_MISMATCH', 409],
  'for a case that nobody withdrew': [async (w) => signed(w, { caseId: w.innocent }), 'NOT_ORDERED', 409],
  'for a case that is not known':   [async (w) => signed(w, { caseId: newId('case') }), 'NOT_ORDERED', 409],
  'by a key that is not known':     [async (w) => new ReceiptSigner('receipts-9').sign(w.right), 'UNKNOWN_KEY', 401],
  'by a key that only has the right name': [async (w) => new ReceiptSigner().sign(w.right), 'BAD_SIGNATURE', 401],
  'that was changed after signing': [changedAfterwards, 'BAD_SIGNATURE', 401],
  'without a signature':            [async (w) => unsigned(w), 'BAD_SIGNATURE', 401],
  'of another form':                [async (w) => signed(w, { v: 2 as never }), 'MALFORMED', 400],
  'that is a receipt':              [async (w) => w.signer.sign(w.receipt), 'MALFORMED', 400],
  'that is no JWS':                 [async () => 'it is gone', 'MALFORMED', 400],
  'that is no text':                [async () => 7, 'MALFORMED', 400],
};

test('WITHDRAW-04: a certificate that is wrong in any way is refused, recorded, and changes nothing', async (t) => {
  const world = await makeWorld(t);
  const { ledger, acknowledgements, certified, first, path, signer, right } = world;
  const before = factsOf(path);
  for (const [what, [make, code, status]] of Object.entries(wrongs)) {
    await t.test(`a certificate ${what}: ${code}`, async () => {
      const known = ledger.read.refusals().length;
      const answer = await acknowledgements.accept({ certificate: await make(world) });
      assert.deepEqual([answer.status, answer.payload], [status, { code }]);
      assert.equal(factsOf(path), before);
      const [newest, ...older] = ledger.read.refusals();
      assert.deepEqual([newest?.code, older.length], [code, known]);
      assert.deepEqual(certified, []);
    });
  }
  const after = await acknowledgements.accept({ certificate: await signer.sign(right) });
  assert.equal(after.status, 200, 'and the right one is still taken afterwards');
  assert.equal(ledger.read.withdrawalOf(first)?.state, 'certified');
});

test('WITHDRAW-04: a certificate that is replayed, or signed anew, changes nothing of what it certified, or of another case', async (t) => {
  const { ledger, path, acknowledgements, first, second, signer, right, rightFor } = await makeWorld(t);
  const certificate = await signer.sign(right);
  assert.equal((await acknowledgements.accept({ certificate })).status, 200);
  const before = factsOf(path);
  for (const again of [certificate, await signer.sign({ ...right, deletedAt: '2031-01-01T00:00:00.000Z' })]) {
    assert.equal((await acknowledgements.accept({ certificate: again })).status, 200);
    assert.equal(factsOf(path), before);
  }
  assert.deepEqual(
    [first, second].map((caseId) => ledger.read.withdrawalOf(caseId)?.state),
    ['certified', 'ordered'],
  );
  const ofSecond = await signer.sign({
    ...rightFor(second),
    erased: [],
    absent: rightFor(second).erased.map((one) => one.archiveId),
  });
  assert.equal((await acknowledgements.accept({ certificate: ofSecond })).status, 200, 'what never came is absent');
});

test('WITHDRAW-04: a certificate is no receipt: it delivers nothing', async (t) => {
  const { path, ledger, acknowledgements, signer, right, innocent } = await makeWorld(t);
  const before = factsOf(path);
  const answer = await acknowledgements.accept({ receipt: await signer.sign(right) });
  assert.deepEqual([answer.status, answer.payload], [400, { code: 'MALFORMED' }]);
  assert.equal(factsOf(path), before);
  assert.equal(ledger.read.caseById(innocent)?.stage, 'uploaded');
});
