import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { canonicalJson } from './canonical-json.ts';

test('names are sorted by code units, and nothing stands between (RFC 8785, 3.2.3)', () => {
  const value = {
    '\u20ac': 1,
    '\r': 2,
    '1': 3,
    '\u0080': 4,
    '\u00f6': 5,
    b: undefined,
    a: [1.5, -0, 1e21, null, undefined],
  };
  assert.equal(canonicalJson(value), '{"\\r":2,"1":3,"a":[1.5,0,1e+21,null,null],"\u0080":4,"\u00f6":5,"\u20ac":1}');
});

test('a number that JSON has no word for is an error, not null', () => {
  assert.throws(() => canonicalJson({ a: [Number.NaN] }), TypeError);
  assert.throws(() => canonicalJson(-Infinity), TypeError);
});

test('any JSON value comes back as it was, and is written the same whatever the order of its names', () => {
  fc.assert(
    fc.property(fc.jsonValue(), (value) => {
      const text = canonicalJson(value);
      assert.equal(canonicalJson(JSON.parse(text)), text);
      assert.equal(canonicalJson(turned(value)), text);
      assert.deepEqual(JSON.parse(text), JSON.parse(JSON.stringify(value)));
    }),
  );
});

function turned(value: unknown): unknown {
  if (Array.isArray(value)) return value.map(turned);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(
    Object.entries(value)
      .map(([name, one]) => [name, turned(one)])
      .reverse(),
  );
}
