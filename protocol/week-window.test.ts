import assert from 'node:assert/strict';
import { test } from 'node:test';
import { commonWindows, isInWindows, minutesUntilOpen, type WeekWindow, weekWindowSchema } from './week-window.ts';

const at = (day: number, hour: number, minute = 0) => (day * 24 + hour) * 60 + minute;
const night: WeekWindow = { days: ['fri', 'sun'], from: '22:00', to: '06:00' };

test('a window that passes midnight belongs to the day on which it begins, the last of the week included', () => {
  for (const minute of [at(4, 22), at(5, 5, 59), at(6, 23), at(0, 0), at(0, 5, 59)]) {
    assert.ok(isInWindows([night], minute), String(minute));
  }
  for (const minute of [at(4, 21, 59), at(5, 6), at(5, 23), at(0, 6), at(4, 1)]) {
    assert.ok(!isInWindows([night], minute), String(minute));
  }
});

test('the wait goes to the next beginning; without a window there is none', () => {
  assert.equal(minutesUntilOpen([night], at(4, 21)), 60);
  assert.equal(minutesUntilOpen([night], at(5, 1)), 0);
  assert.equal(minutesUntilOpen([night], at(0, 6)), at(4, 22) - at(0, 6));
  assert.equal(minutesUntilOpen([{ from: '01:00', to: '02:00' }], at(6, 23)), 120);
  assert.equal(minutesUntilOpen([], 0), undefined);
});

test('times are checked', () => {
  for (const bad of [
    { from: '24:00', to: '01:00' },
    { from: '7:00', to: '08:00' },
    { from: '07:00', to: '24:01' },
  ]) {
    assert.equal(weekWindowSchema.safeParse(bad).success, false, JSON.stringify(bad));
  }
  assert.ok(weekWindowSchema.safeParse({ days: ['mon'], from: '00:00', to: '24:00' }).success);
});

test('what two lists have in common is open exactly when both are, every minute of the week', () => {
  const lists: WeekWindow[][] = [
    [night],
    [{ from: '00:00', to: '24:00' }],
    [
      { from: '05:00', to: '23:00' },
      { days: ['sun'], from: '12:00', to: '12:00' },
    ],
    [{ days: ['mon', 'fri'], from: '21:30', to: '00:15' }],
    [],
  ];
  for (const some of lists) {
    for (const others of lists) {
      const both = commonWindows(some, others);
      assert.ok(both.every((window) => weekWindowSchema.safeParse(window).success));
      for (let minute = 0; minute < 7 * 24 * 60; minute += 5) {
        assert.equal(isInWindows(both, minute), isInWindows(some, minute) && isInWindows(others, minute));
      }
    }
  }
});
