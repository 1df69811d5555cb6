import assert from 'node:assert/strict';
import { cpSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type SimulateOptions, simulateStudy } from '../../carto/index.ts';
import { porcineFolder, withSamples } from '../../carto/testing/samples.ts';
import { canonicalJson } from '../../core/canonical-json.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { findingsSchema, notForDiagnosis } from '../../protocol/findings.ts';
import { newestVersion, readBundle, shippedModels } from '../inference/bundle.ts';
import { analyserOf } from '../testing/test-analyser.ts';
import { writeTinyBundle } from '../testing/tiny-onnx.ts';

const names = { study: 'Miller 1950', maps: ['Map of Miller', 'Another'] };

async function exported(t: TestContext, options: Omit<SimulateOptions, 'folder'>): Promise<string> {
  return (await simulateStudy({ points: 0, names, ...options, folder: temporaryFolder(t) })).folder;
}

test('ANALYSE-01: an export, with the shipped models: regions, sites, rings, voltage; twice the same bytes; no name in findings or report', async (t) => {
  const path = await exported(t, { seed: 11, ablationGapMm: 12, points: 40 });
  const { analyse } = analyserOf(t);
  const [one, two] = [await analyse(path, 'html'), await analyse(path, 'html')];
  assert.equal(canonicalJson(one.findings), canonicalJson(two.findings));
  assert.deepEqual(one.report, two.report);
  const { findings } = one;
  const report = Buffer.from(one.report!).toString();
  assert.deepEqual(findingsSchema.parse(JSON.parse(canonicalJson(findings))), findings);
  assert.deepEqual(findings.abstentions, []);
  assert.equal(findings.models[0]!.id, 'la-regions');
  assert.equal(findings.discontinuities?.length, 1);
  assert.ok(Math.abs(findings.discontinuities![0]!.betweenMm - 12) < 2.5);
  assert.ok(findings.voltage!.body!.areaCm2 < findings.voltage!.wholeShell.areaCm2);
  for (const text of [canonicalJson(findings), report]) assert.doesNotMatch(text, /Miller|Another|1950/);
  assert.ok(report.includes(notForDiagnosis) && report.includes('Possible discontinuities in the tag set'));
  assert.doesNotMatch(report, /<script|https?:|reconnect/i);
  assert.equal(report.match(/<svg /g)!.length > 14, true);
});

for (const chamber of ['right-atrium', 'left-ventricle'] as const) {
  test(`BAD-02: a ${chamber} under a name that says nothing: no regions, no sites, no discontinuities`, async (t) => {
    const { findings } = await analyserOf(t).analyse(await exported(t, { seed: 4, chamber }));
    assert.equal(findings.regions, undefined, JSON.stringify(findings.regions));
    assert.equal(findings.discontinuities, undefined);
    assert.equal(findings.sites, undefined);
    assert.ok(findings.abstentions.some(({ of }) => of === 'regions' || of === 'everything'));
  });
}

test('BAD-02: a pig’s chambers: nothing that needs to know a left atrium', withSamples, async (t) => {
  const { findings } = await analyserOf(t).analyse(porcineFolder);
  assert.equal(findings.regions, undefined);
  assert.equal(findings.discontinuities, undefined);
});

test('ANALYSE-02: a model that fails its self-test is not used, and that is said', async (t) => {
  const models = temporaryFolder(t);
  const version = await newestVersion(shippedModels, 'la-regions');
  const { manifest } = await readBundle(join(shippedModels, 'la-regions', String(version)));
  const { labels, preprocess, postprocess, sampling, pose, averaging } = manifest;
  const extra = { labels, preprocess, postprocess, sampling, pose, averaging };
  writeTinyBundle(models, { golden: [1, 2, 3, 4], extra });
  const { findings } = await analyserOf(t, { models }).analyse(await exported(t, { seed: 2 }));
  assert.deepEqual(findings.models, []);
  assert.deepEqual(findings.abstentions[0], { of: 'regions', reason: 'model-failed', found: 'SELF_TEST_FAILED' });
});

test('ANALYSE-03: while the gate is closed nothing is analysed: it waits, is quiet, and goes on when the gate opens', async (t) => {
  const path = await exported(t, { seed: 3 });
  const { gate, analyse } = analyserOf(t);
  gate.close();
  let isDone = false;
  const running = analyse(path).then((result) => {
    isDone = true;
    return result;
  });
  assert.deepEqual(await gate.quiet(2000), []);
  for (let n = 0; n < 3; n++) {
    gate.open();
    await new Promise((resolve) => setTimeout(resolve, 150));
    gate.close();
    assert.deepEqual(await gate.quiet(5000), []);
  }
  assert.ok(!isDone || (await running).findings.chamber);
  gate.open();
  assert.ok((await running).findings.chamber);
});

test('ANALYSE-04: what is no export is an error with a code, and the next case is analysed', async (t) => {
  const { analyse } = analyserOf(t);
  await assert.rejects(analyse(temporaryFolder(t)), (error: { code?: string }) => typeof error.code === 'string');
  const folder = temporaryFolder(t);
  cpSync(await exported(t, { seed: 5 }), join(folder, 'export'), { recursive: true });
  assert.ok((await analyse(join(folder, 'export'))).findings.chamber);
});

/** Processor time of this process's thread of that name, and of its children, ms. */
function processorMs(thread: string): number {
  const tasks = readdirSync('/proc/self/task').map((task) => `/proc/self/task/${task}`);
  const children = tasks.flatMap((task) => readFileSync(`${task}/children`, 'utf8').split(' ').filter(Boolean));
  return [...tasks.filter((task) => nameOf(task) === thread), ...children.map((pid) => `/proc/${pid}`)]
    .map((place) =>
      readFileSync(`${place}/stat`, 'utf8')
        .replace(/^.*\) /, '')
        .split(' '),
    )
    .reduce((sum, fields) => sum + 10 * (Number(fields[11]) + Number(fields[12])), 0);
}

const nameOf = (task: string) => readFileSync(`${task}/comm`, 'utf8').trim();

test('ANALYSE-10: with a share of a processor, thread and models together keep to it', async (t) => {
  const path = await exported(t, { seed: 11 });
  const { analyse } = analyserOf(t, { cpuPercent: 20 });
  await analyse(path);
  const [beganMs, usedMs] = [performance.now(), processorMs('analysis')];
  await analyse(path);
  const share = (processorMs('analysis') - usedMs) / (performance.now() - beganMs);
  // Were the models not counted, it would be .23.
  assert.ok(share < 0.215, `${Math.round(100 * share)} %`);
});
