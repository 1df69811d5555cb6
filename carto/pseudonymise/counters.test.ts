import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { Counters } from './counters.ts';

const scheme = {
  keptCounter: (_: string, value: number) => value,
  order: (values: readonly number[]) => values.toSorted((a, b) => a - b),
};

test('announced counters keep their order, become small, never longer, and stay distinct', () => {
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 1, max: 2 ** 31 }), { maxLength: 40 }), (values) => {
      const counters = new Counters({ scheme });
      counters.announce('session', values);
      const sorted = values.toSorted((a, b) => a - b);
      assert.deepEqual(
        sorted.map((value) => counters.of('session', value)),
        sorted.map((_, at) => at + 1),
      );
      assert.ok(sorted.every((value) => String(counters.of('session', value)).length <= String(value).length));
    }),
  );
});

test('an unannounced counter gets the next number, always the same one', () => {
  const counters = new Counters({ scheme });
  counters.announce('map', [1567, 1565]);
  assert.deepEqual(
    [1565, 1567, 40, 40].map((value) => counters.of('map', value)),
    [1, 2, 3, 3],
  );
});

test('sentinels and the product’s own small enumerations stay', () => {
  const counters = new Counters({ scheme });
  assert.deepEqual(
    [0, -1, -10000].map((value) => counters.of('catheter', value)),
    [0, -1, -10000],
  );
  assert.deepEqual(
    [1, 206, 9999].map((value) => counters.of('tag', value)),
    [1, 206, 9999],
  );
  assert.equal(counters.of('tag', 4711234), 10000);
  assert.equal(counters.of('session', -4711234), -10000);
});
