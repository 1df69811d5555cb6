import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { Network, type NetworkFault } from './harness/network.ts';
import { Site } from './harness/site.ts';
import { until } from './harness/until.ts';

const faults: readonly NetworkFault[] = ['loss', 'black-hole', 'reset', 'narrow', 'link-down'];
const faultMs = 1000;
const { missing } = Network;

/** Bytes of the case that the appliance knows to be at the endpoint. */
const stagedBytes = (site: Site) =>
  site.ledger((read) =>
    read
      .cases()
      .flatMap(({ caseId }) => read.archivesOf(caseId))
      .flatMap(({ archiveId, blob, bytes }) => (blob ? [bytes] : read.blocksOf(archiveId).map((block) => block.bytes)))
      .reduce((sum, bytes) => sum + bytes, 0),
  );

const owedBytes = (site: Site) =>
  site.ledger((read) =>
    read
      .cases()
      .flatMap(({ caseId }) => read.archivesOf(caseId))
      .reduce((n, a) => n + a.bytes, 0),
  );

/** One case, slowly: every fault in turn while its blocks are on their way, then again while its receipt is awaited. */
async function everyFault(t: TestContext, network: Network): Promise<void> {
  const site = await Site.create({ network });
  t.after(() => site.close());
  site.configure((config) => {
    config.upload = { ...config.upload, maxBytesPerSecond: 160 * 1024 };
  });
  await site.start();
  await site.simulate(31, 6);
  await until(() => site.ledger((read) => read.cases().length > 0) && stagedBytes(site) > 0, 'the first block');
  site.receiver.freeze();
  for (const fault of faults) {
    const before = stagedBytes(site);
    assert.ok(before < owedBytes(site), `${before} of ${owedBytes(site)} bytes are there before ${fault}`);
    network.break(fault);
    await after(faultMs);
    network.heal(fault);
    await until(() => stagedBytes(site) > before, `progress after ${fault}`, 90_000);
    t.diagnostic(`${fault}: ${stagedBytes(site)} of ${owedBytes(site)} bytes`);
  }
  await site.reached('uploaded', 1, 120_000);
  for (const fault of faults) {
    network.break(fault);
    await after(faultMs);
    network.heal(fault);
  }
  assert.equal(
    site.ledger((read) => read.receipts().length),
    0,
    'no receipt has come so far',
  );
  site.receiver.thaw();
  await site.reached('delivered', 1, 120_000);
  await expectOnce(site, 1);
}

/** Each case is delivered once, byte by byte. */
async function expectOnce(site: Site, count: number): Promise<void> {
  const [here, there] = [await site.cases(), await site.cloudCases()];
  assert.equal(here.length, count);
  assert.equal(there.length, count);
  const digests = (cases: readonly { archives: readonly { sha256: string; bytes: number }[] }[]) =>
    cases.flatMap(({ archives }) => archives.map(({ sha256, bytes }) => `${sha256} ${bytes}`)).toSorted();
  assert.deepEqual(digests(there), digests(here));
  assert.equal((await site.cloud('verify')).code, 0);
}

test(
  'NET-01: loss, black hole, reset, a narrow line and a link that is down, during an upload and a wait for a receipt',
  missing === undefined ? {} : { skip: missing },
  async (t) => {
    const network = new Network().start();
    try {
      await everyFault(t, network);
    } finally {
      network.stop();
    }
  },
);

test('NET-02: a line with delay and jitter carries a case as any other', async (t) => {
  const site = await (await Site.create({ delay: { ms: 30, jitterMs: 40 } })).start();
  t.after(() => site.close());
  await site.simulate(32, 2);
  await site.reached('delivered');
  await expectOnce(site, 1);
});
