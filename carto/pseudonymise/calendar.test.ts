import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { formatDay, parseDay, shiftDay, yearOf } from './calendar.ts';

test('a day is what the calendar has, in years that an export can be of', () => {
  assert.deepEqual(parseDay('2020-02-29'), { year: 2020, month: 2, day: 29 });
  for (const text of ['2021-2-29', '2021-0-1', '2021-13-1', '2021-1-0', '1961-4-17', '20210-1-1', '2021-1', 'x', ''])
    assert.equal(parseDay(text), undefined, text);
});

test('days between days stay what they are, over months, leap years and centuries', () => {
  const day = fc.date({ min: new Date('1994-01-01'), max: new Date('2098-12-31'), noInvalidDate: true });
  const ordinal = ({ year, month, day }: NonNullable<ReturnType<typeof parseDay>>) => Date.UTC(year, month - 1, day);
  const of = (date: Date) => ({ year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() });
  fc.assert(
    fc.property(day, day, fc.integer({ min: -1095, max: -30 }), (one, other, by) => {
      const [a, b] = [shiftDay(of(one), by), shiftDay(of(other), by)];
      assert.equal(ordinal(a) - ordinal(b), ordinal(of(one)) - ordinal(of(other)));
      assert.notDeepEqual(a, of(one));
      assert.deepEqual(parseDay(formatDay(a)), a);
    }),
    { numRuns: 300 },
  );
  assert.equal(formatDay(yearOf({ year: 2021, month: 7, day: 9 })), '2021-0-0');
});
