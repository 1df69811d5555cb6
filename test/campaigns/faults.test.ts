import assert from 'node:assert/strict';
import { test } from 'node:test';
import { freshSeed } from '../harness/random.ts';
import { faultCampaign, showFaultReport } from './crash/faults.ts';

const seed = freshSeed();

test(`FAULT-01: a call that fails loses nothing and wedges nothing (24 faults, half with random seed ${seed})`, async (t) => {
  const report = await faultCampaign(seed, { sample: 24 }, (line) => t.diagnostic(line));
  t.diagnostic(showFaultReport(report));
  assert.deepEqual(report.failures, []);
  assert.equal(report.faults, 24);
});
