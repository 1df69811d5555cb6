import assert from 'node:assert/strict';
import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { simulateStudy } from '../../carto/index.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import type { Milestone } from '../../core/milestones.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { Analyser } from '../../local-ml/index.ts';
import { caseFindingsSchema } from '../../protocol/findings.ts';
import { until } from '../testing/until.ts';
import { Workplace } from '../testing/workplace.ts';
import { Analyst, type AnalystDeps } from './analyst.ts';
import { DriftFile } from './drift-file.ts';
import { FindingsStore } from './findings-store.ts';

/** A place where cases are sealed, and somebody who analyses them. */
async function analysing(
  t: TestContext,
  more: Partial<Pick<AnalystDeps, 'openAnalyser' | 'isEnabled' | 'isSent'>> = {},
) {
  const place = await Workplace.open(t);
  const folder = join(temporaryFolder(t), 'findings');
  const store = new FindingsStore(folder, place.storageKey.secret);
  const milestones: Milestone[] = [];
  const sent: string[] = [];
  const { ledger, gate, casesFolder, storageKey } = place;
  const drift = new DriftFile(join(folder, '..', 'drift.json'), { clock: systemClock, log: silentLog });
  const analyst = new Analyst({
    ...{ clock: systemClock, drift },
    ledger: {
      read: ledger.read,
      enqueueFindings: (caseId, body) => {
        sent.push(body);
        return ledger.enqueueFindings(caseId, body);
      },
    },
    ...{ gate, casesFolder, storageKey, store, log: silentLog, announce: (one) => void milestones.push(one) },
    openAnalyser: async () => new Analyser({ gate }),
    isEnabled: true,
    isSent: true,
    ...more,
  });
  t.after(() => analyst.stop());
  await analyst.start(new AbortController().signal);
  gate.open();
  return { place, store, folder, analyst, milestones, sent, drift };
}

test('FINDINGS-01: a sealed case is analysed from its archive; what was found is kept sealed, and goes into the outbox', async (t) => {
  const { place, store, folder, analyst, milestones, sent, drift } = await analysing(t);
  const made = await simulateStudy({
    folder: place.inbox,
    seed: 7,
    points: 0,
    atomic: true,
    names: { study: 'Miller' },
  });
  assert.ok(made.folder);
  await place.reached('sealed');
  analyst.wake();
  await until(() => milestones.length > 0, 'the analysis');
  const [{ caseId }] = place.cases as [(typeof place.cases)[0]];
  const kept = store.read(caseId);
  assert.ok(kept && 'findings' in kept);
  assert.ok(kept.findings.chamber!.areaCm2 > 100);
  assert.equal(kept.findings.lines?.length, 2);
  assert.deepEqual(caseFindingsSchema.parse(JSON.parse(sent[0]!)), kept);
  assert.equal(place.ledger.read.outbox.queuedItems('findings', 10).length, 1);
  const bytes = readFileSync(join(folder, readdirSync(folder)[0]!));
  assert.ok(!bytes.includes('findings') && !bytes.includes('Miller'));
  // Nothing is done twice, whoever wakes it.
  analyst.wake();
  await new Promise((resolve) => setTimeout(resolve, 200));
  assert.equal(sent.length, 1);
  const [sites, regions] = drift.models;
  assert.deepEqual([regions?.id, regions?.cases, sites?.id, sites?.cases], ['la-regions', 1, 'ablation-sites', 1]);
  assert.equal(
    regions?.seconds.reduce((all, one) => all + one),
    1,
  );
});

test('FINDINGS-02: a case that cannot be analysed has a reason in place of findings, and is not tried for ever', async (t) => {
  let tries = 0;
  const analyse = async () => {
    tries++;
    throw Object.assign(new Error('no'), { code: 'TABLE_ODD' });
  };
  const { place, store, analyst, drift } = await analysing(t, {
    openAnalyser: async () => ({ analyse, stop: async () => {} }),
    isSent: false,
  });
  place.drop('case');
  await place.reached('sealed');
  const [{ caseId }] = place.cases as [(typeof place.cases)[0]];
  analyst.wake();
  await until(() => store.has(caseId), 'the note');
  assert.deepEqual(store.read(caseId), { v: 1, caseId, absent: 'TABLE_ODD' });
  assert.equal(tries, 3);
  assert.deepEqual(drift.models[0]?.abstentions, { 'analysis:TABLE_ODD': 1 });
  assert.equal(place.ledger.read.outbox.queuedItems('findings', 10).length, 0);
  assert.equal(place.cases[0]!.stage, 'sealed');
});

test('FINDINGS-04: of a case that is withdrawn while it is analysed nothing is kept and nothing goes out', async (t) => {
  const begun = Promise.withResolvers<void>();
  const goOn = Promise.withResolvers<void>();
  const analyse = async () => {
    begun.resolve();
    await goOn.promise;
    throw Object.assign(new Error('its archive is gone'), { code: 'ENOENT' });
  };
  const { place, store, analyst, sent } = await analysing(t, {
    openAnalyser: async () => ({ analyse, stop: async () => {} }),
  });
  place.drop('case');
  await place.reached('sealed');
  const [{ caseId }] = place.cases as [(typeof place.cases)[0]];
  analyst.wake();
  await begun.promise;
  await place.ledger.withdraw(caseId);
  goOn.resolve();
  await until(() => sent.length > 0, 'the end of the analysis');
  await analyst.stop();
  assert.equal(store.has(caseId), false);
  assert.equal(place.ledger.read.outbox.queuedItems('findings', 10).length, 0);
});

test('FINDINGS-05: where no case is analysed any more, findings of a withdrawn case are erased all the same', async (t) => {
  const { place, store, analyst } = await analysing(t, { isEnabled: false });
  place.drop('case');
  await place.reached('sealed');
  const [{ caseId }] = place.cases as [(typeof place.cases)[0]];
  await store.write({ v: 1, caseId, absent: 'X1' });
  await place.ledger.withdraw(caseId);
  analyst.wake();
  await until(() => !store.has(caseId), 'the erasing');
});

test('FINDINGS-03: findings of a case that the appliance has no archive of are erased', async (t) => {
  const { store, folder, analyst } = await analysing(t);
  const caseId = `case-${'a'.repeat(20)}`;
  await store.write({ v: 1, caseId, absent: 'X1' });
  assert.equal(readdirSync(folder).length, 1);
  analyst.wake();
  await until(() => !existsSync(join(folder, `${caseId}.findings`)), 'the erasing');
});
