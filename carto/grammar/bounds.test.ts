import assert from 'node:assert/strict';
import { test } from 'node:test';
import { isWithin } from './bounds.ts';

test('a number is within its bounds by size, by having no fraction, or by being the sentinel', () => {
  const group = { below: 100_000, whole: true, or: -1_000_000 } as const;
  for (const value of [0, -0, 99_999, -99_999, -1_000_000, Number.NaN]) assert.ok(isWithin(value, group), `${value}`);
  for (const value of [100_000, 1_000_000, 0.5, 19_530_417, Number.POSITIVE_INFINITY]) {
    assert.ok(!isWithin(value, group), `${value}`);
  }
  assert.ok(isWithin(0.5, { below: 1 }));
});
