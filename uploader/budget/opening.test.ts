import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import type { WeekWindow } from '../../protocol/week-window.ts';
import { OpeningTimes } from './opening.ts';

const minuteMs = 60_000;

function openingTimes(windows: readonly WeekWindow[], zone: string) {
  const wall = { at: new Date(0) };
  return { wall, times: new OpeningTimes({ ...systemClock, now: () => wall.at }, windows, zone) };
}

/** Goes from one moment to another as the courier does: asks, waits as long as it was told, asks again. */
function firstOpening(windows: readonly WeekWindow[], zone: string, from: string): { at: string; asked: number } {
  const { wall, times } = openingTimes(windows, zone);
  wall.at = new Date(from);
  let asked = 1;
  for (; !times.isOpen; asked++) {
    const waitMs = times.waitMs();
    assert.ok(waitMs > 0 && waitMs <= 15 * minuteMs);
    wall.at = new Date(wall.at.getTime() + waitMs);
  }
  return { at: wall.at.toISOString(), asked };
}

test('a window opens and closes by the local time of the site, to the minute', () => {
  const { wall, times } = openingTimes([{ days: ['wed'], from: '22:07', to: '23:00' }], 'America/New_York');
  for (const [utc, isOpen] of [
    ['2026-07-02T02:06:59Z', false],
    ['2026-07-02T02:07:00Z', true],
    ['2026-07-02T02:59:59Z', true],
    ['2026-07-02T03:00:00Z', false],
    ['2026-07-01T02:30:00Z', false],
  ] as const) {
    wall.at = new Date(utc);
    assert.equal(times.isOpen, isOpen, utc);
    assert.equal(times.waitMs() === 0, isOpen, utc);
  }
});

test('in the nights in which the clocks change it opens at the local time, neither late nor early', () => {
  const morning = [{ from: '06:10', to: '07:00' }];
  const zone = 'Europe/Berlin';
  assert.equal(
    firstOpening(morning, zone, '2026-03-28T20:00:30Z').at,
    '2026-03-29T04:10:00.000Z',
    'an hour is missing',
  );
  assert.equal(
    firstOpening(morning, zone, '2026-10-24T20:00:30Z').at,
    '2026-10-25T05:10:00.000Z',
    'an hour comes twice',
  );
  assert.equal(firstOpening(morning, zone, '2026-10-23T20:00:30Z').at, '2026-10-24T04:10:00.000Z');
});

test('a window that begins in the hour that is missing opens when that hour would have been', () => {
  const missing = [{ from: '02:30', to: '04:00' }];
  assert.equal(firstOpening(missing, 'Europe/Berlin', '2026-03-28T23:00:00Z').at, '2026-03-29T01:00:00.000Z');
});

test('a zone that is off by three quarters of an hour is asked on its own minutes', () => {
  assert.equal(
    firstOpening([{ from: '01:00', to: '02:00' }], 'Asia/Kathmandu', '2026-05-01T10:00:00Z').at,
    '2026-05-01T19:15:00.000Z',
  );
});

test('waiting for a day asks four times an hour and no more; without any window it never opens', () => {
  const { asked } = firstOpening([{ days: ['tue'], from: '12:00', to: '13:00' }], 'UTC', '2026-06-01T12:00:00Z');
  assert.equal(asked, 24 * 4 + 1);
  const { times } = openingTimes([], 'UTC');
  assert.equal(times.isOpen, false);
  assert.equal(times.waitMs(), 15 * minuteMs);
});
