import assert from 'node:assert/strict';
import { test } from 'node:test';
import { passAlways } from '../core/gate-flag.ts';
import { CartoError } from './error.ts';
import { identify } from './identify.ts';
import { memorySource } from './testing/memory-source.ts';
import { tinyExport } from './testing/tiny-export.ts';

const of = (files: Record<string, string | Buffer>) => identify(memorySource(files), passAlways);
const same = await of(tinyExport());

test('counts maps, points and lesions', () => {
  assert.deepEqual(same.counts, { maps: 2, points: 2, lesions: 1 });
});

test('a study exported again under other names is the same study', async () => {
  const names = { study: 'Other 02_03_2020 11-12-13', first: 'A', second: 'B', comment: 'late', preset: 'X' };
  assert.deepEqual((await of(tinyExport(names))).content, same.content);
});

test('another map index, session or point start is another study', async () => {
  for (const [from, to] of [
    ['8101', '8109'],
    ['9300', '9301'],
    ['StartTime="600100"', 'StartTime="600101"'],
  ] as const) {
    const files = Object.entries(tinyExport()).map(([path, content]) => {
      return [path, Buffer.from(content.toString('latin1').replaceAll(from, to), 'latin1')] as const;
    });
    assert.notDeepEqual((await of(Object.fromEntries(files))).content, same.content, from);
  }
});

test('points that were not exported are no failure; a damaged one is', async () => {
  const { '1-LA_P1_Point_Export.xml': _, ...rest } = tinyExport();
  assert.equal((await of(rest)).content.length, same.content.length - 1);
  const damaged = { ...rest, '1-LA_P1_Point_Export.xml': '<Point ID="1"><Annot' };
  await assert.rejects(of(damaged), (error) => error instanceof CartoError && error.code === 'UNREADABLE');
});

test('an empty source and one without a study', async () => {
  await assert.rejects(of({}), (error) => error instanceof CartoError && error.code === 'EMPTY');
  await assert.rejects(of({ 'a.xml': '' }), (error) => error instanceof CartoError && error.code === 'NO_STUDY');
});
