import assert from 'node:assert/strict';
import { rmSync } from 'node:fs';
import { before, describe, type TestContext, test } from 'node:test';
import { freshSeed } from '../harness/random.ts';
import { type Corpus, gatherCorpus } from './fuzz/corpus.ts';
import { faultRuns } from './fuzz/faults.ts';
import { fuzzCampaign } from './fuzz/fuzz.ts';
import { showFuzzReport } from './fuzz/show.ts';
import { targetsOf } from './fuzz/targets.ts';

/** Full form: `scripts/campaign fuzz`. */
const runs = 20_000;
const faultsOnly: Corpus = { from: [], files: {}, archives: {}, faults: true };

let corpus: Corpus | undefined;

async function passes(t: TestContext, seed: number): Promise<void> {
  const report = await fuzzCampaign(seed, runs / 2, (line) => t.diagnostic(line), corpus && { corpus });
  assert.equal(report.failed, 0, showFuzzReport(report));
  assert.ok(report.runs >= runs / 2);
  t.diagnostic(`seed ${seed}: ${report.runs} runs, at most ${Math.round(report.peakRssBytes / 2 ** 20)} MiB`);
}

describe('fuzz campaign', () => {
  before(async () => {
    corpus = await gatherCorpus((line) => console.log(line));
  });

  test('FUZZ-01: every file that the campaign begins with is read and written as it is', async () => {
    assert.ok(corpus);
    const targets = targetsOf(corpus);
    assert.ok(targets.length > 50);
    for (const target of targets.filter(({ name }) => /^(?:read|write|study) /.test(name))) {
      for (const seed of target.seeds) await target.run(Buffer.from(seed.base64, 'base64'), seed);
    }
  });

  test('FUZZ-02: a crash, a hang, a death, a leak, too much memory and an error without its place are each seen', async () => {
    const report = await fuzzCampaign(1, 7 * faultRuns, () => {}, { corpus: faultsOnly, hangMs: 2000 });
    const seen = report.failures.map(({ failure, name }) => `${name}: ${failure}`);
    for (const kind of ['crash', 'hang', 'died', 'memory', 'leak', 'error-form', 'quotes-content']) {
      assert.ok(seen.includes(`fault ${kind}: ${kind}`), `${kind} among ${seen.join(', ')}`);
    }
    for (const { replay: file } of report.failures) rmSync(file);
  });

  test('FUZZ-03: damaged files crash, hang, fill and leak nothing (fixed seed)', (t) => passes(t, 3));

  test('FUZZ-04: nor with a random seed', (t) => passes(t, freshSeed()));
});
