import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { buffer } from 'node:stream/consumers';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { ByteBudget } from './byte-budget.ts';

/** A clock on which a sleep takes no time and is remembered. */
function virtualClock() {
  const time = { ms: 0 };
  return {
    ...{ ...systemClock, time, monotonicMs: () => time.ms },
    sleep: async (ms: number) => {
      const endMs = time.ms + ms;
      await Promise.resolve();
      time.ms = Math.max(time.ms, endMs);
    },
  };
}

test('a block comes out whole, and its pieces no faster than the ceiling', async () => {
  const clock = virtualClock();
  const block = randomBytes(1_000_000);
  assert.ok((await buffer(new ByteBudget(clock, 100_000).metered(block))).equals(block));
  assert.ok(clock.time.ms >= 9_800 && clock.time.ms <= 10_000, `${clock.time.ms} ms`);
});

test('several at a time share the ceiling', async () => {
  const clock = virtualClock();
  const budget = new ByteBudget(clock, 100_000);
  const blocks = [1, 2, 3].map(() => randomBytes(300_000));
  const arrived = await Promise.all(blocks.map((block) => buffer(budget.metered(block))));
  assert.ok(arrived.every((bytes, at) => bytes.equals(blocks[at] ?? Buffer.alloc(0))));
  assert.ok(clock.time.ms >= 8_800, `${clock.time.ms} ms`);
});

test('time in which nothing was sent is not saved up', async () => {
  const clock = virtualClock();
  const budget = new ByteBudget(clock, 100_000);
  await buffer(budget.metered(randomBytes(16_384)));
  clock.time.ms = 3_600_000;
  await buffer(budget.metered(randomBytes(500_000)));
  assert.ok(clock.time.ms >= 3_600_000 + 4_800, `${clock.time.ms} ms`);
});

test('time that was booked for a block which is not sent any more is given back', async () => {
  const budget = new ByteBudget(systemClock, 16_384);
  const given = budget.metered(randomBytes(100_000));
  await new Promise((resolve) => given.once('data', resolve));
  const others = [1, 2].map(() => budget.metered(randomBytes(100_000)));
  for (const stream of others) stream.resume();
  await new Promise(setImmediate);
  for (const stream of [given, ...others]) {
    stream.on('error', () => {});
    stream.destroy();
  }
  await new Promise(setImmediate);
  const startedMs = systemClock.monotonicMs();
  await buffer(budget.metered(randomBytes(100)));
  const waitedMs = systemClock.monotonicMs() - startedMs;
  // One piece has gone out, which takes a second; three more had been booked.
  assert.ok(waitedMs < 1_900, `${waitedMs} ms`);
});
