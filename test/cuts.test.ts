import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { cutsCampaign, showCutsReport } from './campaigns/cuts.ts';
import { HubCourier } from './harness/hub-courier.ts';
import { Dice, freshSeed } from './harness/random.ts';
import { until } from './harness/until.ts';

for (const [name, seed] of [
  ['a fixed seed', 20_262],
  ['a random seed', freshSeed()],
] as const) {
  test(`COURIER-01: an upload that is cut at random bytes sends at most one block again per cut (sample, ${name} ${seed})`, async (t) => {
    t.diagnostic(showCutsReport(await cutsCampaign(seed, 25, (line) => t.diagnostic(line))));
  });
}

test('COURIER-02: fifty pauses in one upload need one ticket, and send at most a block again each', async (t) => {
  const seed = freshSeed();
  t.diagnostic(`seed ${seed}`);
  const dice = new Dice(seed);
  const world = await HubCourier.make(t, { retryMs: 5, ceilingMs: 20 });
  const { courier, cable, tickets, tries } = world;
  const bytes = 24 * 1024 * 1024;
  const { caseId, archives } = await courier.seal({ study: bytes });
  await courier.start();
  for (let pause = 1; pause <= 50; pause++) {
    const passed = cable.clientBytes;
    await until(() => cable.clientBytes > passed, `bytes before pause ${pause}`, 30_000, 1);
    await after(dice.below(10));
    assert.equal(courier.delivered.length, 0, 'it was delivered before the pauses were over');
    courier.gate.close();
    assert.deepEqual(await courier.gate.quiet(2000), []);
    courier.gate.open();
  }
  await until(() => courier.delivered.includes(caseId), 'the delivery');
  assert.equal(tickets.length, 1, 'the hub counts ten open uploads, and met one');
  const failed = tries.filter(({ succeeded }) => !succeeded).length;
  assert.ok(failed <= 50, `${failed} blocks were sent again for 50 pauses`);
  const [archive] = archives;
  assert.equal(archive && (await world.digestOf(courier.blobOf(archive))), archive?.sha256);
  assert.equal(courier.ledger.read.receipts().length, 1);
  await until(() => courier.link.open.size === 0, 'the ticket to be closed');
});
