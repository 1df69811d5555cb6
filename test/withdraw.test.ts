import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { simulateStudy } from '../carto/index.ts';
import { type ApplianceCase, applianceCaseSchema } from '../protocol/documents.ts';
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

test('WITHDRAW-03: why somebody had a case erased is in no file in clear, here or at the receiver', () => {
  assert.ok(existsSync(join(site.data, 'appliance', 'ledger.db')));
  const found = filesBelow(site.data).filter((path) => readFileSync(path).includes('Zarathustra'));
  assert.deepEqual(found, []);
});
