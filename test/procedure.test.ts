import assert from 'node:assert/strict';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { sevenZipOf } from '../agent/testing/containers.ts';
import type { ProcedureStarted, ProcedureStatus } from '../protocol/control.ts';
import { type Counters, countersOf } from './harness/counters.ts';
import { command } from './harness/process.ts';
import { expectDone, Site } from './harness/site.ts';
import { until } from './harness/until.ts';

/** How long the counters are watched while a lease is held. */
const watchMs = 6_000;

async function begin(site: Site, ...more: string[]): Promise<ProcedureStarted> {
  const done = await expectDone(site.vestibule('procedure', 'start', '--reason', 'test', '--json', ...more));
  startMs.push(done.ms);
  return JSON.parse(done.stdout) as ProcedureStarted;
}

/** How long each `procedure start` took, as a person at the terminal sees it: process start to exit. */
const startMs: number[] = [];

/** How long Node takes to do nothing, in the same minutes. */
const bareMs: number[] = [];

async function end(site: Site): Promise<void> {
  await expectDone(site.vestibule('procedure', 'stop'));
  bareMs.push((await expectDone(command('-e', '0'))).ms);
}

async function gateOf(site: Site): Promise<ProcedureStatus> {
  return JSON.parse((await expectDone(site.vestibule('procedure', 'status', '--json'))).stdout) as ProcedureStatus;
}

function growth(before: Counters, now: Counters) {
  return {
    rchar: now.rchar - before.rchar,
    wchar: now.wchar - before.wchar,
    writeBytes: now.writeBytes - before.writeBytes,
    ticks: now.ticks - before.ticks,
  };
}

/** Watches the appliance's counters after a start returned, and the bytes that it hands to its sockets. */
async function watch(site: Site) {
  const sentBefore = site.cables.reduce((sum, cable) => sum + cable.clientBytes, 0);
  const before = countersOf(site.appliance.pid);
  await new Promise((resolve) => setTimeout(resolve, watchMs));
  const grown = growth(before, countersOf(site.appliance.pid));
  const sent = site.cables.reduce((sum, cable) => sum + cable.clientBytes, 0) - sentBefore;
  return { ...grown, sent };
}

/** The cable has its own slow buffers: waits until what was handed over before the start has passed through them. */
async function drained(site: Site): Promise<void> {
  const bytes = () => site.cables.reduce((sum, cable) => sum + cable.clientBytes, 0);
  await until(
    async () => {
      const before = bytes();
      await new Promise((resolve) => setTimeout(resolve, 400));
      return bytes() === before;
    },
    'a silent cable',
    5_000,
    0,
  );
}

/**
 * What may go on: one keep-alive, one report of the gate's state, their log lines, and the event loop turning over.
 * Reading or sealing a case, or a single block, is thousands of times more.
 */
function assertStill(seen: Awaited<ReturnType<typeof watch>>, step: string): void {
  const context = `${step}: ${JSON.stringify(seen)}`;
  assert.ok(seen.rchar < 32_768, context);
  assert.ok(seen.wchar < 16_384, context);
  assert.ok(seen.writeBytes < 65_536, context);
  assert.ok(seen.ticks <= 10, context);
  assert.ok(seen.sent < 4_096, context);
}

describe('with a lease held', () => {
  let site: Site;
  before(async () => {
    site = await (await Site.create({ analysis: true, bytesPerSecond: 1_000_000 })).start();
  });
  after(() => site.close());

  test('PAUSE-01: nothing is listed, read or sealed, and after stop it goes on', async () => {
    const started = await begin(site);
    assert.deepEqual([started.quiet, started.waiting, started.daemon], [true, [], true]);
    await site.simulate(21, 3);
    assertStill(await watch(site), 'a case dropped while the gate is closed');
    assert.deepEqual(await site.cases(), []);
    await end(site);
    await site.reached('delivered', 1);
  });

  test('PAUSE-02: from the middle of reading and sealing, the counters stand still, and the case is sealed after stop', async () => {
    const detected = site.appliance.lines.length;
    await site.simulate(22, 24);
    await site.appliance.said('case-settled', 60_000, detected);
    const started = await begin(site);
    assert.deepEqual(started.waiting, []);
    assertStill(await watch(site), 'in the middle of a seal');
    await end(site);
    await site.reached('delivered', 2);
  });

  test('PAUSE-03: from the middle of an upload no more bytes leave, and the same archive arrives after stop', async () => {
    const from = site.appliance.lines.length;
    const sentBefore = site.cables[1]!.clientBytes;
    await site.simulate(23, 24);
    await site.appliance.said('case-sealed', 60_000, from);
    await until(() => site.cables[1]!.clientBytes > sentBefore + 300_000, 'an upload on its way', 30_000, 5);
    const started = await begin(site);
    assert.deepEqual(started.waiting, []);
    await drained(site);
    assertStill(await watch(site), 'in the middle of an upload');
    assert.notEqual((await site.cases()).at(-1)?.stage, 'delivered');
    await end(site);
    await site.reached('delivered', 3);
    assert.equal((await site.cloud('verify')).code, 0);
  });

  test('PAUSE-10: while 7-Zip starts or unpacks, the counters stand still, those of its own process too', async () => {
    const from = site.appliance.lines.length;
    const folder = await site.simulate(24, 24, join(site.data, 'packed'));
    sevenZipOf(folder, join(site.inbox, 'export.zip'));
    const { caseId } = await site.appliance.said('case-settled', 60_000, from);
    const started = await begin(site);
    assert.deepEqual(started.waiting, []);
    assertStill(await watch(site), 'an archive that 7-Zip opens');
    await end(site);
    const arrived = async () => (await site.cases()).some((one) => one.caseId === caseId && one.stage === 'delivered');
    await until(arrived, 'its delivery', 90_000);
  });

  test('PAUSE-04: several holders: the gate opens only when the last one has stopped', async () => {
    await begin(site);
    await begin(site, '--holder', 'nurse');
    await end(site);
    assert.equal((await gateOf(site)).gate, 'closed');
    await expectDone(site.vestibule('procedure', 'stop', '--holder', 'nurse'));
    await until(async () => (await gateOf(site)).gate === 'open', 'an open gate');
  });

  test('PAUSE-05: a lease with a time runs out by itself', async () => {
    await begin(site, '--for', '0.02');
    assert.equal((await gateOf(site)).gate, 'closed');
    await until(async () => (await gateOf(site)).gate === 'open', 'an open gate', 20_000);
  });
});

describe('leases and dead daemons', () => {
  let site: Site;
  before(async () => {
    site = await Site.create();
    await site.startCloud();
  });
  after(() => site.close());

  test('PAUSE-06: a lease can be taken with the daemon dead, and the daemon comes up closed', async () => {
    const started = await begin(site);
    assert.equal(started.daemon, false);
    await site.simulate(31, 2);
    await site.startAppliance();
    await new Promise((resolve) => setTimeout(resolve, 3_000));
    assert.equal((await gateOf(site)).state, 'active');
    assert.deepEqual(await site.cases(), []);
  });

  test('PAUSE-07: a lease survives kill -9 of the daemon', async () => {
    await site.appliance.kill9();
    await site.startAppliance();
    assert.equal((await gateOf(site)).leases.length, 1);
    assert.deepEqual(await site.cases(), []);
    await end(site);
    await site.reached('delivered', 1);
  });

  test('PAUSE-08: stop works with the daemon dead too', async () => {
    await site.appliance.kill9();
    await begin(site);
    await end(site);
    await site.startAppliance();
    await until(async () => (await gateOf(site)).gate === 'open', 'an open gate');
  });
});

test('PAUSE-09: procedure start returns within 250 ms, or where Node alone is slow, within thrice its time', (t) => {
  const [started, bare] = [startMs, bareMs].map((times) => times.toSorted((a, b) => a - b)) as [number[], number[]];
  const shown = (times: readonly number[]) => times.map((ms) => Math.round(ms)).join(', ');
  t.diagnostic(`procedure start, ${started.length} times: ${shown(started)} ms; Node alone: ${shown(bare)} ms`);
  const median = (times: readonly number[]) => times[Math.floor(times.length / 2)]!;
  assert.ok(median(started) < Math.max(250, 3 * median(bare)), 'the median over every situation of this file');
});
