import { test } from 'node:test';
import { detectorCampaign, showDetectorReport } from './campaigns/detector.ts';
import { freshSeed } from './harness/random.ts';

for (const [name, seed, orders] of [
  ['a fixed seed', 5_2026, 2_000],
  ['a random seed', freshSeed(), 2_000],
] as const) {
  test(`GATE-01: it opens only when it may, and every fault put in is found (sample, ${name} ${seed})`, (t) => {
    t.diagnostic(showDetectorReport(detectorCampaign(seed, orders)));
  });
}
