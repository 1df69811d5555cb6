import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Linkage } from '../carto/index.ts';
import { relink } from './relink.ts';

const linkage = (profile: Linkage['profile'], ...codes: Linkage['codes']): Linkage => ({
  ...{ v: 1, profile, anchor: '0'.repeat(64), shiftDays: -40, codes, counters: {} },
});
const first = linkage(
  'pseudonymised',
  { kind: 'study', original: 'Doe 1', code: 'Study-b' },
  { kind: 'study', original: 'Doe 1 again', code: 'Study-b' },
  { kind: 'map', original: '1-LA', code: 'Map-c' },
);
const free = linkage(
  'safe-harbor',
  { kind: 'study', original: 'f'.repeat(64), code: 'Study-d' },
  { kind: 'map', original: 'e'.repeat(64), code: 'Map-f' },
);

test('a code leads to its original and its study; a study that was renamed to each of its names', () => {
  assert.deepEqual(relink('Map-c', [free, first]), {
    result: 'found',
    found: [{ kind: 'map', original: '1-LA', study: 'Study-b' }],
  });
  const studies = relink('Study-b', [first]);
  assert.deepEqual(studies.result === 'found' && studies.found.map(({ original }) => original), [
    'Doe 1',
    'Doe 1 again',
  ]);
});

test('nothing leads back from a safe-harbor study, and the answer says that it is one', () => {
  assert.deepEqual(relink('Map-f', [first, free]), { result: 'no-way-back' });
});

test('a code that is none, or part of one, is unknown', () => {
  for (const code of ['Map-', 'Map-z', '', '1-LA'])
    assert.deepEqual(relink(code, [first, free]), { result: 'unknown' });
});
