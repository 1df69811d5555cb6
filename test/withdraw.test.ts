import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compactVerify } from 'jose';
import { simulateStudy } from '../carto/index.ts';
import { cloudFoldersOf } from '../cloud/folders.ts';
import { type ApplianceCase, applianceCaseSchema, type CloudCase, cloudCaseSchema } from '../protocol/documents.ts';
import { certificateSchema } from '../protocol/withdrawal.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

const reason = 'Zarathustra asked for it';
let site: Site;
after(() => site?.close());

const study = { seed: 20_263, points: 12 };
const filesBelow = (folder: string) =>
  readdirSync(folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
const shown = async (caseId: string) =>
  applianceCaseSchema.parse(
    JSON.parse((await expectDone(site.vestibule('cases', 'show', caseId, '--json'))).stdout),
  ) as ApplianceCase;
const cloudShown = async (caseId: string) =>
  cloudCaseSchema.parse(
    JSON.parse((await expectDone(site.cloud('cases', 'show', caseId, '--json'))).stdout),
  ) as CloudCase;
const archivesHere = (caseId: string) =>
  readdirSync(join(site.data, 'appliance', 'cases')).filter((name) => name.startsWith(caseId));

test('WITHDRAW-01: a case that never left is erased here, with the network away; nothing is ordered', async () => {
  site = await Site.create();
  site.appliance.start();
  await site.appliance.said('started');
  await simulateStudy({ ...study, seed: 1, points: 2, folder: site.inbox, atomic: true });
  const [sealed] = await site.reached('sealed', 1, 120_000);
  const { caseId } = sealed!;
  assert.equal(archivesHere(caseId).length, 4);
  await expectDone(site.vestibule('cases', 'withdraw', caseId, '--reason', reason));
  await until(() => archivesHere(caseId).length === 0, 'the archives to be gone', 60_000);
  const { stage, withdrawn } = await shown(caseId);
  assert.deepEqual([stage, withdrawn?.state], ['withdrawn', 'local']);
  await site.appliance.stop();
});

test('WITHDRAW-02: an order waits for the receiver, survives kills, erases archives and deltas, and comes back certified', async () => {
  await site.start();
  await simulateStudy({ ...study, folder: site.inbox, atomic: true });
  await site.reached('delivered', 1, 240_000);
  await simulateStudy({ ...study, exportOrdinal: 1, extraPoints: 1, meshEdits: 3, folder: site.inbox, atomic: true });
  const [first, second] = await site.reached('delivered', 2, 240_000);
  assert.ok(first && second);
  const delta = second.archives.find(({ tier }) => tier === 'study');
  const base = first.archives.find(({ tier }) => tier === 'study');
  assert.equal(delta?.base, base?.archiveId);

  await site.receiver.kill9();
  for (const _ of [1, 2]) {
    await expectDone(site.vestibule('cases', 'withdraw', first.caseId, '--reason', reason));
    assert.equal((await shown(first.caseId)).withdrawn?.state, 'ordered');
  }
  await site.appliance.kill9();
  await site.startAppliance();
  site.receiver.start();
  const certified = async () => {
    const found = (await site.cases()).find(({ caseId }) => caseId === first.caseId);
    return found?.withdrawn?.state === 'certified' && found;
  };
  const { withdrawn } = await until(certified, 'the certificate', 120_000);
  await until(() => archivesHere(first.caseId).length === 0, 'the archives to be gone', 60_000);
  assert.equal(archivesHere(second.caseId).length, 2, 'of the later export the review tier is still here');

  const key = receiptKey();
  const { payload } = await compactVerify(withdrawn?.certificate ?? '', key, { algorithms: ['ES256'] });
  const certificate = certificateSchema.parse(JSON.parse(Buffer.from(payload).toString()));
  const expected = [...first.archives.map(({ archiveId }) => archiveId), delta?.archiveId].toSorted();
  assert.deepEqual(certificate.erased.map(({ archiveId }) => archiveId).toSorted(), expected);
  assert.deepEqual([certificate.caseId, certificate.absent], [first.caseId, []]);

  const { receiver } = cloudFoldersOf(site.data);
  const erased = new Set(certificate.erased.map(({ sha256 }) => sha256));
  assert.deepEqual(
    filesBelow(receiver).filter((path) => [...erased].some((sha256) => path.includes(sha256))),
    [],
  );
  const there = await cloudShown(first.caseId);
  assert.equal(there.certificate, withdrawn?.certificate);
  assert.ok(there.archives.every(({ withdrawnAt }) => withdrawnAt !== undefined));
  assert.equal((await site.cloud('verify')).code, 0);
  assert.equal((await site.cloud('cases', 'export', first.caseId, '--to', join(site.data, 'out'))).code, 1);
  for (const text of [site.vestibule('cases', 'show', first.caseId), site.cloud('cases', 'show', first.caseId)]) {
    assert.match((await expectDone(text)).stdout, /certificate\s+deleted .*receipt-/);
  }
});

test('WITHDRAW-03: why somebody had a case erased is in no file in clear, here or at the receiver', () => {
  assert.ok(existsSync(join(site.data, 'appliance', 'ledger.db')));
  const found = filesBelow(site.data).filter((path) => readFileSync(path).includes('Zarathustra'));
  assert.deepEqual(found, []);
});

function receiptKey() {
  const bundle = JSON.parse(readFileSync(join(site.data, 'appliance', 'bundle.json'), 'utf8')) as { payload: string };
  const { receiptKeys } = JSON.parse(Buffer.from(bundle.payload, 'base64url').toString()) as {
    receiptKeys: { kid: string }[];
  };
  return createPublicKey({ key: receiptKeys[0] as never, format: 'jwk' });
}
