import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from './clock.ts';
import { untilNetworkChange } from './network-change.ts';

const { signal } = new AbortController();

/** A clock on which a sleep takes no time and is remembered. */
function virtualClock() {
  const slept: number[] = [];
  let nowMs = 0;
  return {
    ...{ ...systemClock, slept, monotonicMs: () => nowMs },
    sleep: async (ms: number) => {
      slept.push(ms);
      nowMs += ms;
    },
  };
}

test('NET-03: a long wait ends when an interface changes, and sees that within a quarter of a second', async () => {
  const clock = virtualClock();
  const read = () => (clock.slept.length < 3 ? 'lo 127.0.0.1/8' : 'lo 127.0.0.1/8\neth0 192.0.2.7/24');
  assert.equal(await untilNetworkChange({ clock, read }, 5_000, signal), true);
  assert.deepEqual(clock.slept, [250, 250, 250]);
});

test('without a change it waits as long as it was told', async () => {
  const clock = virtualClock();
  assert.equal(await untilNetworkChange({ clock, read: () => 'lo' }, 600, signal), false);
  assert.deepEqual(clock.slept, [250, 250, 100]);
});

test('a short wait looks at nothing', async () => {
  const clock = virtualClock();
  const read = () => assert.fail('looked');
  assert.equal(await untilNetworkChange({ clock, read }, 250, signal), false);
});
