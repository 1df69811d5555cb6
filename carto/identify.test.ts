import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../core/gate-flag.ts';
import { sameStudy } from '../protocol/study-marks.ts';
import { CartoError } from './error.ts';
import { identify } from './identify.ts';
import { memorySource } from './testing/memory-source.ts';
import { tinyExport } from './testing/tiny-export.ts';

const of = (files: Record<string, string | Buffer>) => identify(memorySource(files), passAlways, Buffer.alloc(32, 1));
const same = await of(tinyExport());

test('counts maps, points and lesions', () => {
  assert.deepEqual(same.counts, { maps: 2, points: 2, lesions: 1 });
});

test('a study exported again under other names is the same study, in the same state', async () => {
  const names = { study: 'Other 02_03_2020 11-12-13', first: 'A', second: 'B', comment: 'late', preset: 'X' };
  assert.deepEqual(await of(tinyExport(names)), same);
});

test('another map index, session or point start is another state; what happened otherwise still tells the study', async () => {
  for (const [from, to] of [
    ['8101', '8109'],
    ['9300', '9301'],
    ['StartTime="600100"', 'StartTime="600101"'],
  ] as const) {
    const files = Object.entries(tinyExport()).map(([path, content]) => {
      return [path, Buffer.from(content.toString('latin1').replaceAll(from, to), 'latin1')] as const;
    });
    const other = await of(Object.fromEntries(files));
    assert.notEqual(other.fingerprint, same.fingerprint, from);
    assert.notDeepEqual(other.marks, same.marks, from);
    assert.ok(sameStudy(other.marks, same.marks) || from === '8101', from);
  }
});

test('marks say their kind and no number; another site has others', async () => {
  assert.deepEqual(same.marks.map((mark) => mark.replace(/:[0-9a-f]{32}$/, '')).toSorted(), [
    ...['map', 'map', 'point', 'point', 'session'],
  ]);
  const elsewhere = await identify(memorySource(tinyExport()), passAlways, Buffer.alloc(32, 2));
  assert.ok(elsewhere.marks.every((mark) => !same.marks.includes(mark)));
  assert.notEqual(elsewhere.fingerprint, same.fingerprint);
});

test('points that were not exported are no failure, nor is one without a start; a damaged one is', async () => {
  const point = '1-LA_P1_Point_Export.xml';
  const { [point]: whole = '', ...rest } = tinyExport();
  assert.equal((await of(rest)).marks.length, same.marks.length - 1);
  const unstarted = await of({
    ...rest,
    [point]: whole.toString().replace(/<Annotations[^>]*>/, ''),
  });
  assert.equal(unstarted.marks.length, same.marks.length - 1);
  assert.notEqual(unstarted.fingerprint, (await of(rest)).fingerprint);
  const damaged = { ...rest, [point]: '<Point ID="1"><Annot' };
  await assert.rejects(of(damaged), (error) => error instanceof CartoError && error.code === 'UNREADABLE');
});

test('a session without a start is told of by its state, but is no mark: numbers alone repeat', async () => {
  const path = 'VisiTagExport/VisiTagSessions.txt';
  const { [path]: whole = '', ...rest } = tinyExport();
  const unstarted = await of({ ...rest, [path]: whole.toString().replace('StartTs', 'OtherTs') });
  assert.ok(unstarted.marks.every((mark) => !mark.startsWith('session:')));
  assert.equal(unstarted.marks.length, same.marks.length - 1);
  assert.notEqual(unstarted.fingerprint, (await of(rest)).fingerprint);
});

test('an empty source and one without a study', async () => {
  await assert.rejects(of({}), (error) => error instanceof CartoError && error.code === 'EMPTY');
  await assert.rejects(of({ 'a.xml': '' }), (error) => error instanceof CartoError && error.code === 'NO_STUDY');
});
