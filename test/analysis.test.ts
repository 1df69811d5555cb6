import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FindingsStore } from '../agent/analysis/index.ts';
import { foldersOf } from '../agent/folders.ts';
import { simulateStudy } from '../carto/index.ts';
import { KeyFolder, openLocalKeys } from '../certs/index.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { expectDone, Site } from './harness/site.ts';

const analysis = {
  indexTarget: { anterior: 480, posterior: 310 },
  interLesionMm: 4.5,
  thresholdsMv: [0.3],
  fillThresholdMm: 5,
};

test('ANALYSE-06: what a person is told of a sealed case is what the appliance found by itself, byte by byte', async (t) => {
  const site = await Site.create({ analysis: true });
  t.after(() => site.close());
  site.configure((config) => {
    config.analysis = { ...config.analysis, ...analysis };
  });
  site.appliance.start();
  await site.appliance.said('started');
  await simulateStudy({ seed: 7, points: 0, folder: site.inbox, atomic: true });
  await site.appliance.said('case-analysed', 120_000);
  const [{ caseId = '' } = {}] = await site.cases();
  await site.appliance.stop();

  const folders = foldersOf(site.data);
  const { storage } = await openLocalKeys(await KeyFolder.open(folders.keys));
  const kept = new FindingsStore(folders.findings, storage.secret).read(caseId);
  assert.ok(kept && 'findings' in kept);
  const { lesions, voltage } = kept.findings.settings;
  assert.deepEqual(
    [lesions.indexTarget, lesions.interLesionMm, voltage.thresholdsMv, voltage.fillThresholdMm],
    [analysis.indexTarget, 4.5, [0.3], 5],
  );
  const { stdout } = await expectDone(site.vestibule('analyse', caseId, '--json'));
  assert.equal(stdout.trim(), canonicalJson(kept.findings));
});
