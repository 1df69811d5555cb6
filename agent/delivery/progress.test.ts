import assert from 'node:assert/strict';
import { test } from 'node:test';
import { deliveryAlarm } from './alarm.ts';
import { afterLook, type Hindrance, type Owed, type Progress } from './progress.ts';

const hourMs = 3_600_000;
const alarmMs = 24 * hourMs;
const startAt = Date.parse('2030-03-01T00:00:00Z');

/** What is seen hour by hour; each entry one hour: nothing owed, or the mark of what is owed and what is in its way. */
type Hour = 'gate-closed' | 'idle' | readonly [mark: string, hindrance: Hindrance];

const owed = (mark: string, hindrance: Hindrance, since = '2030-03-01T00:00:00.000Z'): Owed => {
  return { key: 'bat-1', since, mark, hindrance };
};

/** The alarms, hour by hour, of a process that starts at the first of these hours. */
function alarmsOver(hours: readonly Hour[], first: Partial<{ since: string; lastReceiptAt: string }> = {}) {
  let progress: Progress | undefined;
  return hours.map((hour, n) => {
    const atMs = 5_000 + n * hourMs;
    const seen = typeof hour === 'string' ? (hour === 'idle' ? [] : undefined) : [owed(hour[0], hour[1], first.since)];
    const look = {
      atMs,
      wallMs: startAt + n * hourMs,
      ...(seen ? { owed: seen } : {}),
      lastReceiptAt: first.lastReceiptAt,
    };
    progress = afterLook(progress, look, alarmMs);
    return deliveryAlarm(progress, atMs, alarmMs);
  });
}

const times = <T>(count: number, hour: T): T[] => Array.from({ length: count }, () => hour);

test('STALL-01: what makes no step for a day is an alarm, and the next step ends it', () => {
  const alarms = alarmsOver([...times(25, ['uploaded 1/0', 'none'] as const), 'idle']);
  assert.deepEqual(alarms.slice(0, 24), times(24, undefined));
  assert.equal(alarms[24]?.code, 'no-delivery-progress');
  assert.equal(alarms[24]?.cause, 'unknown');
  assert.equal(alarms[24]?.since, '2030-03-01T00:00:00.000Z');
  assert.equal(alarms[25], undefined, 'its receipt came');
});

test('STALL-01: blocks of a large archive over a slow line are steps, however long it takes', () => {
  const hours = Array.from({ length: 100 }, (_, n) => [`uploading 0/${Math.floor(n / 20)}`, 'none'] as const);
  assert.deepEqual(alarmsOver(hours), times(100, undefined));
});

for (const [hindrance, cause, words] of [
  ['no-link', 'no-link', /For 2[34] h of that there was no link to the cloud. Nothing is lost/],
  ['outside-windows', 'outside-windows', /upload\.windows/],
  ['refused', 'refused', /the other side says no/],
] as const) {
  test(`STALL-02: ${hindrance} is named, and counts as nobody else's fault`, () => {
    const alarm = alarmsOver(times(25, ['uploading 0/0', hindrance] as const)).at(-1);
    assert.equal(alarm?.cause, cause);
    assert.match(alarm?.text ?? '', /^Not delivered since 2030-03-01T00:00:00.000Z, though it is owed\. /);
    assert.match(alarm?.text ?? '', words);
  });
}

test('STALL-02: a closed gate is named; what was owed before it closed stays owed while nothing is read', () => {
  const alarms = alarmsOver([...times(2, ['uploading 0/0', 'none'] as const), ...times(23, 'gate-closed' as const)]);
  assert.equal(alarms.at(-2), undefined);
  assert.equal(alarms.at(-1)?.cause, 'gate-closed');
  assert.match(alarms.at(-1)?.text ?? '', /vestibule procedure why/);
});

test('STALL-02: of several hindrances the one that lasted longest is the cause', () => {
  const mixed = [
    ...times(9, ['uploading 0/0', 'no-link'] as const),
    ...times(14, 'gate-closed' as const),
    ...times(2, ['uploading 0/0', 'none'] as const),
  ];
  assert.equal(alarmsOver(mixed).at(-1)?.cause, 'gate-closed');
});

test('with nothing owed there is no alarm, however long ago the last receipt was', () => {
  assert.deepEqual(alarmsOver(times(200, 'idle')), times(200, undefined));
  assert.deepEqual(alarmsOver(times(100, 'gate-closed')), times(100, undefined));
});

test('STALL-03: time before a restart counts by the ledger, but an hour of it has to be seen', () => {
  const since = '2030-02-20T00:00:00.000Z';
  const early = alarmsOver(times(3, ['uploaded 1/0', 'none'] as const), { since });
  assert.deepEqual([early[0], early[1]?.since], [undefined, since], 'a start alone is no alarm');
  const lastReceiptAt = '2030-02-28T14:00:00.000Z';
  const later = alarmsOver(times(16, ['uploaded 1/0', 'none'] as const), { since, lastReceiptAt });
  assert.deepEqual(later.slice(0, 14), times(14, undefined), 'ten hours passed before the start');
  assert.equal(later[14]?.since, lastReceiptAt);
});

test('STALL-03: a wall clock that jumps raises no alarm and hides none', () => {
  let progress: Progress | undefined;
  for (const [atMs, wallMs] of [
    [0, startAt],
    [hourMs, startAt + 400 * 24 * hourMs],
    [2 * hourMs, startAt - 400 * 24 * hourMs],
  ] as const) {
    progress = afterLook(progress, { atMs, wallMs, owed: [owed('uploaded 1/0', 'none')] }, alarmMs);
    assert.equal(deliveryAlarm(progress, atMs, alarmMs), undefined);
  }
  assert.ok(progress && deliveryAlarm(progress, 24 * hourMs, alarmMs));
});
