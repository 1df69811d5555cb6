import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../../core/log.ts';
import { FakeClock } from '../testing/clock.ts';
import { type LoadSample, LoadSource, othersPercent, systemSampler } from './load.ts';

const settings = { busyPercent: 50, quietPercent: 25, quietMinutes: 10, everySeconds: 15 };

test('only what others use counts, in per cent of all processors', () => {
  assert.equal(othersPercent({ busyMs: 1_500, totalMs: 2_000, ownMs: 500 }), 50);
  assert.equal(othersPercent({ busyMs: 1_500, totalMs: 2_000, ownMs: 1_500 }), 0);
  assert.equal(othersPercent({ busyMs: 100, totalMs: 2_000, ownMs: 120 }), 0, 'clocks of the kernel differ a little');
  assert.equal(othersPercent({ busyMs: 0, totalMs: 0, ownMs: 0 }), 0);
});

test('others’ load is weak evidence until it was low for a while; one that cannot be read is, too', async (t) => {
  const clock = new FakeClock();
  let now: LoadSample | Error = { busyMs: 100, totalMs: 2_000, ownMs: 100 };
  let told = 0;
  const sample = async () => {
    if (now instanceof Error) throw now;
    return now;
  };
  const source = new LoadSource({ settings, clock, log: silentLog, sample, onChange: () => told++ });
  await source.start();
  t.after(() => source.stop());
  const said = () => source.statements().map(({ says, key }) => `${says} ${key}`);
  const pass = async (ms: number) => {
    await clock.advance(ms);
    await new Promise((resolve) => setImmediate(resolve));
  };
  await pass(0);
  assert.deepEqual(said(), []);
  now = { busyMs: 2_000, totalMs: 2_000, ownMs: 400 };
  await pass(15_000);
  assert.deepEqual([said(), told], [['maybe load'], 1]);
  now = { busyMs: 400, totalMs: 2_000, ownMs: 0 };
  await pass(15_000);
  await pass(9 * 60_000);
  assert.deepEqual(said(), ['maybe load']);
  await pass(60_000);
  assert.deepEqual(said(), []);
  now = new Error('no such file');
  await pass(15_000);
  assert.deepEqual(said(), ['maybe fault']);
});

test('this machine’s load is read, and this process’s own work is taken off', async () => {
  const sample = systemSampler();
  await sample();
  const end = process.cpuUsage().user + 300_000;
  while (process.cpuUsage().user < end);
  const { busyMs, totalMs, ownMs } = await sample();
  assert.ok(totalMs > 0 && busyMs > 0 && ownMs >= 290, JSON.stringify({ busyMs, totalMs, ownMs }));
});
