import assert from 'node:assert/strict';
import { after, before, describe, test } from 'node:test';
import { freshSeed } from '../harness/random.ts';
import { checkRecording, crashMutant, showCrashReport } from './crash/crash.ts';
import { mutants } from './crash/mutants.ts';
import { record, remove, scratchFolder } from './crash/record.ts';

describe('power cuts in a recorded day', () => {
  let folder: string;
  before(async () => {
    folder = scratchFolder();
    await record(folder, { plan: 'whole' });
  });
  after(() => remove(folder));

  for (const [name, seed] of [
    ['a fixed seed', 20_261],
    ['a random seed', freshSeed()],
  ] as const) {
    test(`CRASH-01, lessons 3, 43: at any moment, nothing is lost (2,500 states, ${name} ${seed})`, async (t) => {
      const report = await checkRecording(folder, { seed, states: 2500 });
      t.diagnostic(showCrashReport(report));
      assert.deepEqual(report.failures, []);
      assert.equal(report.states, 2500);
      assert.ok(report.realStarts >= 5 && report.distinct > 500, `${report.realStarts}, ${report.distinct}`);
    });
  }
});

for (const [at, name] of Object.keys(mutants).entries()) {
  test(`CRASH-0${at + 2}: the harness sees ${name}`, async (t) => {
    const { failures } = await crashMutant(name, 1, 1200);
    t.diagnostic(JSON.stringify(failures));
    assert.notEqual(failures.length, 0);
  });
}
