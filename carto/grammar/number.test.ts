import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { isNumberIn, parseNumber } from './number.ts';

const proved = (text: string) => isNumberIn(Buffer.from(text, 'latin1'), 0, Buffer.byteLength(text, 'latin1'));

test('every printed number reads back as the same double', () => {
  fc.assert(
    fc.property(fc.double({ noNaN: true, noDefaultInfinity: true }), (value) => {
      assert.ok(Object.is(parseNumber(String(value)), Number(String(value))));
    }),
  );
  fc.assert(
    fc.property(fc.double({ min: -1e6, max: 1e6, noNaN: true }), fc.integer({ min: 0, max: 9 }), (value, decimals) => {
      const text = value.toFixed(decimals);
      assert.ok(Object.is(parseNumber(text), Number(text)));
    }),
  );
});

test('proof and value agree on any text', () => {
  const text = fc.string({ unit: fc.constantFrom(...'0123456789+-.,eE#nai ABx:/'.split('')), maxLength: 12 });
  fc.assert(
    fc.property(text, (value) => assert.equal(value !== '' && proved(value), parseNumber(value) !== undefined)),
    { numRuns: 2000 },
  );
});

test('a decimal comma is a decimal point', () => {
  assert.equal(parseNumber('-3,25'), -3.25);
  assert.equal(parseNumber('1,5e3'), 1500);
});

test('what is no number is none: dates, phone numbers, names, two points, signs alone', () => {
  for (const text of ['', '-', '.', '1-2', '12/11/21', '1.2.3', '1e', '1e+', '0x10', '12a', 'Infinity', '1 2', '--1']) {
    assert.equal(parseNumber(text), undefined, JSON.stringify(text));
  }
  assert.equal(parseNumber('1'.repeat(33)), undefined, 'longer than any number of an export');
});

test('the words for *no number* are NaN', () => {
  for (const text of ['nan', '-nan(ind)', '1.#QNAN', '-1.#IND', 'N/A'])
    assert.ok(Number.isNaN(parseNumber(text)), text);
});

test('names of people that look like those words are none', () => {
  for (const text of ['Nan', 'Na', 'na', 'Inf', 'nAn']) {
    assert.equal(parseNumber(text), undefined, text);
    assert.ok(!proved(text), text);
  }
});

test('letters whose low byte is a digit are no digits', () => {
  for (const text of ['\u0131', '\u4e31\u4e32', '1\u0132', '\uff11']) assert.equal(parseNumber(text), undefined, text);
});
