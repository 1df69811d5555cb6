import assert from 'node:assert/strict';
import { renameSync, rmSync, utimesSync, writeFileSync } from 'node:fs';
import { createServer } from 'node:http';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../../core/log.ts';
import { temporaryFolder } from '../../../core/testing/folder.ts';
import { FakeClock } from '../../testing/clock.ts';
import { until } from '../../testing/until.ts';
import { isFresh } from '../evidence.ts';
import { type Belief, type Reading, sayOf } from './decide.ts';
import { TimetableSource } from './source.ts';

const minute = 60_000;
const hour = 60 * minute;
const belief: Belief = { leadMs: 15 * minute, tailMs: hour, maxAgeMs: 26 * hour, readAgeMs: 15 * minute };
const noon = Date.parse('2030-01-01T12:00:00Z');
const reading: Reading = {
  ...{ slots: [{ fromMs: noon, toMs: noon + hour }], horizonMs: noon + 72 * hour },
  ...{ wallMs: noon - hour, monotonicMs: 1_000, datedMs: noon - 2 * hour },
};

const say = (wallMs: number, more: Partial<Reading> = {}, distrusted = false) =>
  sayOf({ ...reading, ...more }, { wallMs, monotonicMs: 1_000 + wallMs - reading.wallMs, distrusted }, belief);

test('busy from the lead before an event to the tail after it, free around it', () => {
  const words = [noon - 15 * minute - 1, noon - 15 * minute, noon, noon + 2 * hour - 1, noon + 2 * hour].map(
    (at) => say(at).says,
  );
  assert.deepEqual(words, ['free', 'busy', 'busy', 'busy', 'free']);
  assert.equal(say(noon).lifetimeMs, 2 * hour);
});

test('free ends with the reading’s age, before the next event, and with the calendar’s age, whichever is first', () => {
  const endOf = (wallMs: number, more: Partial<Reading> = {}) => {
    const { says, sinceMs, lifetimeMs = 0 } = say(wallMs, more);
    assert.equal(says, 'free');
    return sinceMs + lifetimeMs - 1_000 + reading.wallMs;
  };
  assert.equal(endOf(noon - hour), noon - 45 * minute);
  assert.equal(endOf(noon - 20 * minute, { monotonicMs: 1_000 + 40 * minute }), noon - 15 * minute);
  assert.equal(endOf(noon - hour, { datedMs: noon - 27 * hour + 5 * minute }), noon - hour + 5 * minute);
});

test('too old, dated ahead, never read, or read by a clock that jumped: nothing', () => {
  assert.equal(say(noon - hour, { datedMs: noon - 28 * hour }).says, 'nothing');
  assert.equal(say(noon - hour, { datedMs: noon - 54 * minute }).says, 'nothing');
  assert.equal(say(noon, {}, true).says, 'nothing');
  assert.equal(sayOf(undefined, { wallMs: noon, monotonicMs: 0, distrusted: false }, belief).says, 'nothing');
});

test('a clock ten years off never makes a timetable say free', () => {
  for (const years of [-10, -1, 1, 10])
    assert.equal(say(noon - hour + years * 365 * 24 * hour).says, 'nothing', `${years}`);
});

const calendar = (...events: readonly string[]) =>
  ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...events, 'END:VCALENDAR', ''].join('\r\n');
const procedure = (start: string, end: string) =>
  `BEGIN:VEVENT\r\nUID:${start}\r\nDTSTAMP:20300101T000000Z\r\nDTSTART:${start}\r\nDTEND:${end}\r\nEND:VEVENT`;

async function reads(
  t: TestContext,
  place: { readonly file: string } | { readonly url: string },
  clock = new FakeClock(),
) {
  const heard = { changes: 0 };
  const machine = { sleptMs: 0 };
  const source = new TimetableSource({
    settings: { ...place, leadMinutes: 15, tailMinutes: 60, maxAgeHours: 26, refreshMinutes: 5 },
    ...{ clock, log: silentLog, onChange: () => void heard.changes++, suspendedMs: () => machine.sleptMs },
  });
  await source.start();
  t.after(() => source.stop());
  const read = (times: number) => until(() => heard.changes >= times, `reading ${times}`, 30_000);
  await read(1);
  const now = () => {
    const [said] = source.statements();
    return said && isFresh(said, clock.monotonicMs()) ? said.says : 'nothing';
  };
  return { clock, machine, source, read, now, heard };
}

function fileWith(t: TestContext, text: string, clock: FakeClock) {
  const file = join(temporaryFolder(t), 'room.ics');
  const write = (content: string) => {
    writeFileSync(`${file}.new`, content);
    utimesSync(`${file}.new`, clock.now(), clock.now());
    renameSync(`${file}.new`, file);
  };
  write(text);
  return { file, write };
}

test('a file: free, busy while its procedure runs, and what is written anew is read', async (t) => {
  const clock = new FakeClock();
  const { file, write } = fileWith(t, calendar(procedure('20300101T003000Z', '20300101T010000Z')), clock);
  const { read, now } = await reads(t, { file }, clock);
  assert.equal(now(), 'free');
  await clock.advance(14 * minute);
  await read(2);
  await clock.advance(minute);
  assert.equal(now(), 'busy');
  write(calendar());
  await clock.advance(5 * minute);
  await read(3);
  await until(() => now() === 'free', 'the new calendar');
});

test('a file that is gone, or half written, counts for three refreshes and then says nothing', async (t) => {
  const clock = new FakeClock();
  const { file } = fileWith(t, calendar(), clock);
  const { now, read, heard } = await reads(t, { file }, clock);
  rmSync(file);
  for (let round = 2; round <= 3; round++) {
    await clock.advance(5 * minute);
    await read(round);
    assert.equal(now(), 'free');
  }
  writeFileSync(file, calendar().slice(0, 40));
  const before = heard.changes;
  await clock.advance(5 * minute);
  await read(before + 1);
  assert.equal(now(), 'nothing');
});

test('after a jump of the wall clock it says nothing until a calendar dated after it is read', async (t) => {
  const clock = new FakeClock();
  const { file, write } = fileWith(t, calendar(), clock);
  const { now, read, source } = await reads(t, { file }, clock);
  assert.equal(now(), 'free');
  clock.jumpWall(2 * hour);
  assert.equal(now(), 'nothing');
  await read(2);
  assert.equal(now(), 'nothing', 'the same old file, read again');
  write(calendar());
  source.refresh();
  await read(3);
  assert.equal(now(), 'free');
});

test('a sleep of the machine is no jump', async (t) => {
  const clock = new FakeClock();
  const { file } = fileWith(t, calendar(), clock);
  const { now, machine } = await reads(t, { file }, clock);
  clock.jumpWall(8 * hour);
  machine.sleptMs = 8 * hour;
  assert.equal(now(), 'free', 'the watch voids it: its reading is from before');
});

test('an address: its server’s clock dates it, errors and redirects say nothing', async (t) => {
  const clock = new FakeClock();
  const answer = { status: 200, date: clock.now().toUTCString() };
  const server = createServer((_request, response) => {
    response.sendDate = false;
    response.writeHead(answer.status, { Date: answer.date, Location: '/elsewhere' });
    response.end(calendar());
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  t.after(() => server.close());
  const url = `http://127.0.0.1:${(server.address() as AddressInfo).port}/room.ics`;
  assert.equal((await reads(t, { url }, clock)).now(), 'free');
  for (const [status, date] of [
    [302, answer.date],
    [500, answer.date],
    [200, 'soon'],
    [200, 'Tue, 01 Jan 2030 03:00:00 GMT'],
  ] as const) {
    Object.assign(answer, { status, date });
    assert.equal((await reads(t, { url }, clock)).now(), 'nothing', `${status} ${date}`);
  }
});
