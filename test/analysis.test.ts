import assert from 'node:assert/strict';
import { test } from 'node:test';
import { FindingsStore } from '../agent/analysis/index.ts';
import { foldersOf } from '../agent/folders.ts';
import { simulateStudy } from '../carto/index.ts';
import { KeyFolder, openLocalKeys } from '../certs/index.ts';
import { canonicalJson } from '../core/canonical-json.ts';
import { driftSchema } from '../protocol/drift.ts';
import { telemetrySchema } from '../protocol/telemetry.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

const analysis = {
  indexTarget: { anterior: 480, posterior: 310 },
  interLesionMm: 4.5,
  thresholdsMv: [0.3],
  fillThresholdMm: 5,
};

test('ANALYSE-06, DRIFT-04: what a person is told of a sealed case is what the appliance found by itself, byte by byte; status and telemetry count it', async (t) => {
  const site = await Site.create({ analysis: true });
  t.after(() => site.close());
  site.configure((config) => {
    config.analysis = { ...config.analysis, ...analysis };
    config.telemetry = { everyMinutes: 0.02 };
  });
  site.appliance.start();
  await site.appliance.said('started');
  await simulateStudy({ seed: 7, points: 0, folder: site.inbox, atomic: true });
  await site.appliance.said('case-analysed', 120_000);
  const [{ caseId = '' } = {}] = await site.cases();
  const samples = () =>
    site.ledger(({ outbox }) =>
      outbox
        .queuedItems('log', 1000)
        .filter(({ kind }) => kind === 'telemetry')
        .map((place) => telemetrySchema.parse(JSON.parse(Buffer.from(outbox.bodyAt(place) ?? '').toString()))),
    );
  await until(async () => samples().some(({ analysis }) => analysis), 'a sample with counters', 30_000);
  const { stdout: status } = await expectDone(site.vestibule('status', '--json'));
  const forPeople = await expectDone(site.vestibule('status'));
  assert.match(forPeople.stdout, /la-regions 1\.0\.0: 1 case since \d{4}-\d\d-\d\d, 1 (familiar|review)/);
  assert.match(forPeople.stdout, /\d+ % of \d+ sites other by the rules/);
  await site.appliance.stop();

  const counters = driftSchema.parse((JSON.parse(status) as { readonly analysis: unknown }).analysis);
  assert.deepEqual(
    counters.map(({ id, cases, sites }) => [id, cases, sites.named > 0]),
    [
      ['ablation-sites', 1, true],
      ['la-regions', 1, false],
    ],
  );
  assert.deepEqual(
    samples().flatMap(({ analysis: told }) => (told ? [told] : [])),
    [counters],
    'once a day, however often samples are taken',
  );
  assert.ok(!JSON.stringify(counters).includes(caseId));

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
