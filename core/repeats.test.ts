import assert from 'node:assert/strict';
import { test } from 'node:test';
import { keyOf, Repeats } from './repeats.ts';

const hourMs = 3_600_000;

test('the first is said, the others within the hour are counted, and told when it is over', () => {
  const repeats = new Repeats<string>();
  const said: number[] = [];
  for (let minute = 0; minute < 60; minute++) {
    assert.deepEqual(repeats.dueBy(minute * 60_000), []);
    for (let n = 0; n < 2; n++) if (repeats.isNew('k', 'no hub answered', minute * 60_000)) said.push(minute);
  }
  assert.deepEqual(said, [0]);
  assert.deepEqual(repeats.dueBy(hourMs), [{ what: 'no hub answered', more: 119 }]);
  assert.deepEqual(repeats.dueBy(hourMs), [], 'told once');
  assert.equal(repeats.isNew('k', 'no hub answered', hourMs), true, 'an hour later it is news again');
});

test('what came once is not told again; different things do not hide each other', () => {
  const repeats = new Repeats<string>();
  assert.ok(repeats.isNew('a', 'a', 0));
  assert.ok(repeats.isNew('b', 'b', 1_000));
  assert.equal(repeats.isNew('b', 'b', 2_000), false);
  assert.deepEqual(repeats.dueBy(hourMs), []);
  assert.deepEqual(repeats.dueBy(hourMs + 1_000), [{ what: 'b', more: 1 }]);
});

test('a flood of different things does not fill the memory', () => {
  const repeats = new Repeats<number>();
  for (let n = 0; n < 1_000; n++) assert.ok(repeats.isNew(`k${n}`, n, n));
  assert.equal(repeats.isNew('k999', 0, 1_000), false);
  assert.ok(repeats.isNew('k0', 0, 1_000), 'said again, rather than remembered for ever');
});

test('things are equal when they differ in numbers alone', () => {
  const failed = (attempts: number, code: string) => keyOf([{ part: 'courier' }, 40, [{ attempts, error: { code } }]]);
  assert.equal(failed(1, 'A'), failed(512, 'A'));
  assert.notEqual(failed(1, 'A'), failed(1, 'B'));
});
