import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Clock } from './clock.ts';
import { backoff, retry, withDeadline } from './retry.ts';

/** A clock whose sleeps return at once and are written down. */
function fakeClock(): Clock & { readonly slept: number[] } {
  const slept: number[] = [];
  return {
    slept,
    now: () => new Date(0),
    monotonicMs: () => 0,
    bootId: 'boot',
    async sleep(ms, signal) {
      signal?.throwIfAborted();
      slept.push(ms);
    },
  };
}

test('backs off exponentially between half and whole, up to the ceiling', () => {
  const low = backoff(100, 1000, () => 0);
  const high = backoff(100, 1000, () => 1);
  assert.deepEqual([1, 2, 3, 4, 5, 60].map(low), [50, 100, 200, 400, 500, 500]);
  assert.deepEqual([1, 2, 3, 4, 5, 60].map(high), [100, 200, 400, 800, 1000, 1000]);
});

test('tries again until it succeeds, and the next call starts afresh', async () => {
  const clock = fakeClock();
  const policy = { delay: (attempt: number) => attempt, retryable: () => true, clock };
  const step = async (attempt: number) => {
    if (attempt < 3) throw new Error('not yet');
    return attempt;
  };
  assert.equal(await retry(step, policy), 3);
  assert.equal(await retry(step, policy), 3);
  assert.deepEqual(clock.slept, [1, 2, 1, 2]);
});

test('an error that is not retryable ends it at once, and so does an abort', async () => {
  const clock = fakeClock();
  const failing = async () => {
    throw new Error('final');
  };
  await assert.rejects(retry(failing, { delay: () => 1, retryable: () => false, clock }), /final/);
  const abort = new AbortController();
  abort.abort(new Error('stopping'));
  await assert.rejects(
    retry(failing, { delay: () => 1, retryable: () => true, clock, signal: abort.signal }),
    /stopping/,
  );
  assert.deepEqual(clock.slept, []);
});

test('a deadline rejects what does not end, and passes on what does', async () => {
  await assert.rejects(withDeadline(new Promise(() => {}), 5, 'the answer'), { name: 'TimeoutError' });
  assert.equal(await withDeadline(Promise.resolve(7), 1000, 'the answer'), 7);
});
