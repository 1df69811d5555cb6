import assert from 'node:assert/strict';
import { createPublicKey } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { compactVerify, decodeProtectedHeader } from 'jose';
import { simulateStudy } from '../carto/index.ts';
import { cloudFoldersOf } from '../cloud/folders.ts';
import { type ApplianceCase, applianceCaseSchema, type CloudCase, cloudCaseSchema } from '../protocol/documents.ts';
import { caseFindingsSchema, type Findings } from '../protocol/findings.ts';
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

test('WITHDRAW-05: findings of a withdrawn case are erased on both sides, to the last byte; those of others stay', async (t) => {
  const analysed = await Site.create({ analysis: true });
  t.after(() => analysed.close());
  await analysed.start();
  for (const seed of [7, 8]) {
    await simulateStudy({ seed, points: 0, folder: analysed.inbox, atomic: true });
    await analysed.reached('delivered', seed - 6, 240_000);
  }
  const itemsThere = async () => {
    const { stdout } = await expectDone(analysed.cloud('items', 'list', '--kind', 'findings', '--json'));
    return JSON.parse(stdout) as { readonly id: string }[];
  };
  await until(async () => (await itemsThere()).length === 2, 'the findings', 120_000);
  const to = join(analysed.data, 'findings.jsonl');
  await expectDone(analysed.cloud('items', 'export', '--kind', 'findings', '--to', to));
  const bodies = readFileSync(to, 'utf8')
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as { id: string; body: string });
  rmSync(to);
  const [first] = await analysed.cases();
  const caseId = first?.caseId ?? assert.fail();
  const isOf = ({ body }: { readonly body: string }) => (JSON.parse(body) as { caseId: string }).caseId === caseId;
  const [gone, stays] = [bodies.find(isOf), bodies.find((one) => !isOf(one))];
  assert.ok(gone && stays);
  const marks = ({ body }: { readonly body: string }) => {
    const { findings } = caseFindingsSchema.parse(JSON.parse(body)) as { findings: Findings };
    return [findings.input.sha256, findings.regions?.labelsSha256 ?? assert.fail()];
  };
  const { receiver } = cloudFoldersOf(analysed.data);
  const findingsHere = join(analysed.data, 'appliance', 'findings');
  const filesWith = (folder: string, texts: readonly string[]) =>
    filesBelow(folder).filter((path) => texts.some((text) => readFileSync(path).includes(text)));
  assert.ok(filesWith(receiver, marks(gone)).length > 0);
  assert.equal(readdirSync(findingsHere).length, 2);

  await expectDone(analysed.vestibule('cases', 'withdraw', caseId, '--reason', reason));
  const certified = async () => {
    const found = (await analysed.cases()).find((one) => one.caseId === caseId);
    return found?.withdrawn?.state === 'certified' && found.withdrawn;
  };
  const { certificate } = await until(certified, 'the certificate', 120_000);
  assert.equal(decodeProtectedHeader(certificate ?? '').findings, 1);
  assert.deepEqual(
    (await itemsThere()).map(({ id }) => id),
    [stays.id],
  );
  assert.deepEqual(filesWith(receiver, marks(gone)), []);
  assert.ok(filesWith(receiver, marks(stays)).length > 0);
  await until(() => readdirSync(findingsHere).length === 1, 'the findings here to be gone', 60_000);
  assert.deepEqual(filesWith(join(analysed.data, 'appliance'), marks(gone)), []);
  assert.equal((await analysed.cloud('verify')).code, 0);
  const { stdout } = await expectDone(analysed.vestibule('cases', 'show', caseId));
  assert.match(stdout, /erased\s+1 findings of the analysis/);
});

function receiptKey() {
  const bundle = JSON.parse(readFileSync(join(site.data, 'appliance', 'bundle.json'), 'utf8')) as { payload: string };
  const { receiptKeys } = JSON.parse(Buffer.from(bundle.payload, 'base64url').toString()) as {
    receiptKeys: { kid: string }[];
  };
  return createPublicKey({ key: receiptKeys[0] as never, format: 'jwk' });
}
