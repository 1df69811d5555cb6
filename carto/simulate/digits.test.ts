import assert from 'node:assert/strict';
import { test } from 'node:test';
import { putShort, putWhole } from './digits.ts';
import { short } from './format.ts';
import { randomOf } from './random.ts';

const bytes = Buffer.alloc(40);
const written = (put: typeof putShort, value: number) => bytes.toString('latin1', 3, put(bytes, 3, value));

test('numbers written byte by byte are the ones that were written as text', () => {
  const random = randomOf(5, 'digits');
  const values = [0, -0, 1, -1, 9.999995, 9.9999949, 99.99996, 10, 100.5, 998.9996, 999.9999, 1e6, 0.5, -12.5, 1e-7];
  for (let n = 0; n < 5000; n += 1) values.push(random.between(-300, 300));
  for (const value of values) assert.equal(written(putShort, value), short(value), String(value));
  for (const value of [0, 7, -8, 10, 99, -100, 32767, -32768]) assert.equal(written(putWhole, value), String(value));
});

test('six significant digits, no trailing zeros', () => {
  assert.deepEqual([1.5, 12.345678, 123.4567, 0.0123456789, 1234.5678, -2].map(short), [
    ...['1.5', '12.3457', '123.457', '0.0123457', '1234.57', '-2'],
  ]);
});
