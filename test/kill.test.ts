import { test } from 'node:test';
import { killCampaign, showKillReport } from './campaigns/kill.ts';
import { freshSeed } from './harness/random.ts';

for (const [name, seed] of [
  ['a fixed seed', 20_261],
  ['a random seed', freshSeed()],
] as const) {
  test(`LOSS-01: kill -9 of each process loses nothing and doubles nothing (sample, ${name} ${seed})`, async (t) => {
    const report = await killCampaign(seed, 2, (line) => t.diagnostic(line));
    t.diagnostic(showKillReport(report));
  });
}
