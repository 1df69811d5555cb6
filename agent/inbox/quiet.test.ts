import assert from 'node:assert/strict';
import { test } from 'node:test';
import { QuietTimes } from './quiet.ts';

test('an entry is settled when it looked the same for the whole quiet time', () => {
  const quiet = new QuietTimes(1_000);
  assert.equal(quiet.observe('a', 'one', 0), 1_000);
  assert.equal(quiet.observe('a', 'one', 400), 600);
  assert.equal(quiet.observe('a', 'one', 1_000), 0);
  assert.equal(quiet.observe('a', 'one', 9_000), 0);
});

test('every change starts it afresh, also one back to what it was', () => {
  const quiet = new QuietTimes(1_000);
  quiet.observe('a', 'one', 0);
  assert.equal(quiet.observe('a', 'two', 999), 1_000);
  assert.equal(quiet.observe('a', 'one', 1_500), 1_000);
  assert.equal(quiet.observe('a', 'one', 2_499), 1);
});

test('entries do not disturb each other, and a forgotten one counts again', () => {
  const quiet = new QuietTimes(1_000);
  quiet.observe('a', 'one', 0);
  quiet.observe('b', 'one', 600);
  assert.equal(quiet.observe('a', 'one', 1_000), 0);
  assert.equal(quiet.observe('b', 'one', 1_000), 600);
  quiet.forget('a');
  assert.equal(quiet.observe('a', 'one', 1_100), 1_000);
});
