import assert from 'node:assert/strict';
import { test } from 'node:test';
import { applyPatch, observe, readDesired } from './desired.ts';

const known = { version: 4, properties: { a: 1, list: [1, 2, 3], nested: { x: 1, y: 2 } } };

test('the $version is kept apart from what is wished', () => {
  assert.deepEqual(readDesired({ a: 1, $version: 7 }), { version: 7, properties: { a: 1 } });
  assert.equal(readDesired({ a: 1 }), undefined);
  assert.equal(readDesired(null), undefined);
  assert.equal(readDesired('x'), undefined);
});

test('a patch that follows directly is applied: null deletes, objects merge, arrays are replaced whole', () => {
  assert.deepEqual(observe(known, { a: null, list: [9], nested: { y: 3 }, $version: 5 }), {
    kind: 'changed',
    desired: { version: 5, properties: { list: [9], nested: { x: 1, y: 3 } } },
  });
});

test('a patch that crossed with a get is stale', () => {
  assert.deepEqual(observe(known, { a: 0, $version: 4 }), { kind: 'stale' });
  assert.deepEqual(observe(known, { a: 0, $version: 1 }), { kind: 'stale' });
});

test('a patch after a missed one, or without a version, is a gap', () => {
  assert.deepEqual(observe(known, { a: 2, $version: 6 }), { kind: 'gap' });
  assert.deepEqual(observe(known, { a: 2 }), { kind: 'gap' });
  assert.deepEqual(observe(known, 'nonsense'), { kind: 'gap' });
});

test('nulls inside a new object are not kept (RFC 7386, appendix A)', () => {
  assert.deepEqual(applyPatch({}, { a: { bb: { ccc: null } } }), { a: { bb: {} } });
  assert.deepEqual(applyPatch({ a: [{ b: 'c' }] }, { a: [1] }), { a: [1] });
  assert.deepEqual(applyPatch({ a: 'foo' }, { a: { b: 1 } }), { a: { b: 1 } });
});

test('a member named __proto__ is data, not a prototype', () => {
  const patched = applyPatch({}, JSON.parse('{"__proto__": {"polluted": true}}'));
  assert.equal(({} as { polluted?: boolean }).polluted, undefined);
  assert.equal(Object.getPrototypeOf(patched), Object.prototype);
});
