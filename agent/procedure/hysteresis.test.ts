import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Hysteresis } from './hysteresis.ts';

test('it begins at the high threshold, goes on above the low one, and ends after the hold below it', () => {
  const load = new Hysteresis({ high: 50, low: 20, holdMs: 1_000 });
  const heard = [
    [0, 49, false],
    [100, 50, true],
    [900, 20, true],
    [1_899, 19, true],
    [1_900, 19, false],
    [2_000, 49, false],
    [2_100, 80, true],
  ] as const;
  for (const [atMs, value, isOn] of heard) {
    load.note(value, atMs);
    assert.equal(load.isOn(atMs), isOn, `${value} at ${atMs}`);
  }
});
