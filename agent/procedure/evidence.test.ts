import assert from 'node:assert/strict';
import { test } from 'node:test';
import { ageMs, isFresh, remainsMs, type Statement } from './evidence.ts';

const said: Statement = { source: 'hl7', key: 'a', says: 'busy', sinceMs: 1_000, lifetimeMs: 500, what: 'x' };

test('a statement counts for exactly its lifetime', () => {
  assert.deepEqual([isFresh(said, 1_000), isFresh(said, 1_499), isFresh(said, 1_500)], [true, true, false]);
  assert.deepEqual([remainsMs(said, 1_200), remainsMs(said, 9_000), ageMs(said, 1_200)], [300, 0, 200]);
});

test('without a lifetime it counts until it is taken back', () => {
  const { lifetimeMs, ...endless } = said;
  assert.equal(remainsMs(endless, 1e12), Number.POSITIVE_INFINITY);
});

test('one that lies ahead on this clock counts no longer than from now', () => {
  assert.equal(remainsMs({ ...said, sinceMs: 1e9 }, 1_000), 500);
});
