import assert from 'node:assert/strict';
import { after, test } from 'node:test';
import { Site } from './harness/site.ts';
import { until } from './harness/until.ts';

let site: Site | undefined;
after(() => site?.close());

test('OFFLINE-01: with the cloud down for the whole intake, cases are sealed and wait, and are delivered without a restart', async () => {
  site = await (await Site.create()).start();
  const pid = site.appliance.pid;
  await site.receiver.kill9();
  await site.hub.kill9();
  await site.simulate(11, 2);
  await site.simulate(12, 2);
  const waiting = await until(async () => {
    const cases = (await site?.cases()) ?? [];
    return cases.length === 2 && cases.every((one) => one.archives.length === 2) && cases;
  }, 'two sealed cases');
  assert.ok(waiting.every((one) => ['sealed', 'batched', 'uploading'].includes(one.stage)));
  assert.ok(waiting.every((one) => one.archives.length === 2));
  await site.startCloud();
  await site.reached('delivered', 2, 120_000);
  assert.equal(site.appliance.pid, pid);
  assert.equal((await site.cloudCases()).length, 2);
});

test('OFFLINE-02: an appliance that was never enrolled takes cases in and delivers them once the cloud is there', async () => {
  await site?.close();
  site = await Site.create();
  site.appliance.start();
  await site.simulate(13, 2);
  await site.reached('sealed', 1);
  await site.startCloud();
  await site.reached('delivered', 1, 120_000);
});
