import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { openState } from '../state/state.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import type { Json, JsonObject } from './json.ts';
import { checkTwinJson, sizeOf } from './limits.ts';
import { mergePatch, replacementPatch } from './section.ts';
import { TwinStore } from './twin-store.ts';

const owner = { deviceId: 'dev1', generationId: 'g1' };

async function openTwins(t: TestContext) {
  const db = openState(temporaryFolder(t));
  t.after(() => db.close());
  const clock = new ManualClock();
  return { clock, twins: new TwinStore(db, clock) };
}

const key = fc.constantFrom('a', 'b', 'c', '__proto__', 'constructor');
const tree = fc.letrec<{ node: JsonObject; leaf: Json }>((tie) => ({
  node: fc.dictionary(key, fc.oneof({ maxDepth: 4 }, fc.integer(), fc.array(fc.integer()), tie('node'))) as never,
  leaf: fc.integer(),
})).node;

test('merge patch: the examples of RFC 7386, appendix A, for objects', () => {
  for (const [target, patch, result] of [
    [{ a: 'b' }, { a: 'c' }, { a: 'c' }],
    [{ a: 'b' }, { b: 'c' }, { a: 'b', b: 'c' }],
    [{ a: 'b' }, { a: null }, {}],
    [{ a: 'b', b: 'c' }, { a: null }, { b: 'c' }],
    [{ a: ['b'] }, { a: 'c' }, { a: 'c' }],
    [{ a: 'c' }, { a: ['b'] }, { a: ['b'] }],
    [{ a: { b: 'c' } }, { a: { b: 'd', c: null } }, { a: { b: 'd' } }],
    [{ a: [{ b: 'c' }] }, { a: [1] }, { a: [1] }],
    [{}, { a: { bb: { ccc: null } } }, { a: { bb: {} } }],
  ] as const) {
    assert.deepEqual(mergePatch(target as JsonObject, patch as JsonObject), result);
  }
});

test('a replacement, told as a patch, makes the new out of the old for every pair', () => {
  fc.assert(
    fc.property(tree, tree, (before, after) => {
      assert.deepEqual(mergePatch(before, replacementPatch(before, after)), mergePatch({}, after));
    }),
    { numRuns: 300 },
  );
});

test('a key __proto__ stays a key and changes no prototype', () => {
  const merged = mergePatch({}, JSON.parse('{"__proto__":{"polluted":1}}') as JsonObject);
  assert.deepEqual(Object.keys(merged), ['__proto__']);
  assert.equal(({} as { polluted?: number }).polluted, undefined);
});

test('limits: depth, keys, strings and numbers', () => {
  const nested = (depth: number): JsonObject => (depth === 0 ? {} : { k: nested(depth - 1) });
  checkTwinJson(nested(9));
  for (const bad of [
    nested(10),
    { 'a.b': 1 },
    { $x: 1 },
    { 'a b': 1 },
    { '': 1 },
    { 'a\u0001': 1 },
    { ['k'.repeat(1025)]: 1 },
    { a: 'é'.repeat(2049) },
    { a: 2 ** 52 },
    { a: [{ 'x.y': 1 }] },
  ]) {
    assert.throws(() => checkTwinJson(bad as Json), { code: 'VALUE_REFUSED' });
  }
  for (const bad of [null, 1, 'x', [1]]) assert.throws(() => checkTwinJson(bad), { code: 'NOT_AN_OBJECT' });
  assert.equal(sizeOf({ ab: 'é', n: 1, b: true, o: { x: null }, l: [1, 2] }), 2 + 2 + 1 + 8 + 1 + 4 + 1 + 1 + 1 + 16);
});

test('versions start at 1 and rise by one on their own side only', async (t) => {
  const { twins } = await openTwins(t);
  assert.deepEqual([twins.of(owner).desired.version, twins.of(owner).reported.version], [1, 1]);
  assert.equal(twins.of(owner).etag, twins.of(owner).etag);
  twins.report(owner, { a: 1 });
  const { twin, push } = twins.change(owner, 'patch', { desired: { x: 1 } });
  assert.deepEqual([twin.desired.version, twin.reported.version, push], [2, 2, { x: 1 }]);
  const onlyTags = twins.change(owner, 'patch', { tags: { site: 's' } });
  assert.equal(onlyTags.push, undefined);
  assert.equal(onlyTags.twin.desired.version, 2);
});

test('a refused change leaves the twin as it was', async (t) => {
  const { twins } = await openTwins(t);
  const chunk = Object.fromEntries(Array.from({ length: 7 }, (_, n) => [`k${n}`, 'x'.repeat(4000)]));
  twins.report(owner, { one: chunk });
  assert.throws(() => twins.report(owner, { two: chunk }), { code: 'TOO_LARGE' });
  assert.throws(() => twins.change(owner, 'patch', { tags: { a: chunk } }), { code: 'TOO_LARGE' });
  twins.change(owner, 'patch', { desired: { one: chunk } });
  assert.throws(() => twins.change(owner, 'patch', { desired: { two: chunk }, tags: { a: 1 } }), { code: 'TOO_LARGE' });
  const twin = twins.of(owner);
  assert.deepEqual([twin.reported.version, twin.desired.version, twin.tags], [2, 2, {}]);
});

test('metadata says when each member changed last; replacing forgets what went', async (t) => {
  const { twins, clock } = await openTwins(t);
  const start = clock.now().toISOString();
  twins.change(owner, 'patch', { desired: { a: { b: 1, c: 2 } } });
  clock.advance(1000);
  const { twin } = twins.change(owner, 'patch', { desired: { a: { b: 3 } } });
  const later = clock.now().toISOString();
  assert.deepEqual(twin.desired.metadata, {
    $lastUpdated: later,
    $lastUpdatedVersion: 3,
    a: {
      $lastUpdated: later,
      $lastUpdatedVersion: 3,
      b: { $lastUpdated: later, $lastUpdatedVersion: 3 },
      c: { $lastUpdated: start, $lastUpdatedVersion: 2 },
    },
  });
  const replaced = twins.change(owner, 'replace', { desired: { z: 1 } });
  assert.deepEqual(Object.keys(replaced.twin.desired.metadata).sort(), ['$lastUpdated', '$lastUpdatedVersion', 'z']);
  assert.deepEqual(replaced.push, { z: 1, a: null });
  assert.deepEqual(twins.change(owner, 'patch', { desired: null }).push, { z: null });
});

test('etag: a change from an old reading is refused; $metadata and $version of a reading are not changes', async (t) => {
  const { twins } = await openTwins(t);
  const { etag } = twins.of(owner);
  const { twin } = twins.change(owner, 'patch', { desired: { a: 1, $metadata: {}, $version: 7 } }, etag);
  assert.deepEqual(twin.desired.value, { a: 1 });
  assert.throws(() => twins.change(owner, 'patch', { tags: {} }, etag), { code: 'PRECONDITION_FAILED' });
});

test('a device removed and made again does not inherit the twin', async (t) => {
  const { twins } = await openTwins(t);
  twins.report(owner, { a: 1 });
  assert.deepEqual(twins.of({ ...owner, generationId: 'g2' }).reported.value, {});
  assert.deepEqual(twins.of(owner).reported.value, { a: 1 });
});
