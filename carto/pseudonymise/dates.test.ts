import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takeDates } from './dates.ts';

const digits = (text: string) => new Set(takeDates(text).digits);

test('a date is recognised in whatever form staff type it', () => {
  for (const text of [
    ...['17.04.1953', '17.4.1953', '1953/04/17', '1953-04-17', '04/17/1953', '17_04_1953'],
    ...['17-Apr-1953', '17. April 1953', 'April 17 1953', 'Apr 17th, 1953', '17apr1953', 'born 17 APR 1953.'],
  ]) {
    for (const order of ['19530417', '17041953', '04171953']) assert.ok(digits(text).has(order), `${order} of ${text}`);
  }
  assert.ok(digits('3. März 1961').has('19610303'));
});

test('a year of two digits may be of either century, and stands for itself too', () => {
  for (const order of ['530417', '170453', '19530417', '20530417', '17041953']) assert.ok(digits('17.4.53').has(order));
});

test('what can be no date is none, and stays in the rest', () => {
  for (const text of ['123-45-6789', '99.99.1999', '12/2021', '1.2.3', '176-55-0199', 'Map 17 xyz 1953', '0.5-1-2']) {
    assert.deepEqual(takeDates(text), { digits: [], rest: text });
  }
  assert.equal(takeDates('4711234 3.4.1961').rest, '4711234  | ');
});
