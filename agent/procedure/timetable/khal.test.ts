import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../../core/testing/folder.ts';
import { takenSlots } from './calendar.ts';

const days = '%Y-%m-%d';

/** A calendar of khal (Debian), a program that writes iCalendar files and expands them by libraries of its own. */
function calendarOf(t: TestContext, zone: string) {
  const folder = temporaryFolder(t);
  const room = join(folder, 'room');
  mkdirSync(room);
  const formats = ['datetimeformat', 'longdatetimeformat'].map((name) => `${name} = ${days} %H:%M`);
  writeFileSync(
    join(folder, 'config'),
    [
      ...['[calendars]', '[[room]]', `path = ${room}`, 'type = calendar', '[default]', 'default_calendar = room'],
      ...['[sqlite]', `path = ${join(folder, 'cache')}`, '[locale]', 'timeformat = %H:%M', `dateformat = ${days}`],
      ...[`longdateformat = ${days}`, ...formats, `local_timezone = ${zone}`, `default_timezone = ${zone}`],
    ].join('\n'),
  );
  const khal = (...words: readonly string[]) =>
    execFileSync('khal', ['-c', join(folder, 'config'), ...words], { encoding: 'utf8' });
  const files = () => readdirSync(room).map((name) => readFileSync(join(room, name), 'utf8'));
  return { khal, files };
}

/** As a clock on the wall of that zone shows it. */
function wallTime(zone: string): (ms: number) => string {
  const parts = { dateStyle: 'short', timeStyle: 'short', timeZone: zone } as const;
  const format = new Intl.DateTimeFormat('sv-SE', parts);
  return (ms) => format.format(ms);
}

for (const zone of ['Europe/Berlin', 'America/New_York', 'Australia/Sydney']) {
  test(`what another program wrote is taken at the times that it says itself: khal, ${zone}`, (t) => {
    if (!hasKhal()) return t.skip('no khal here');
    const { khal, files } = calendarOf(t, zone);
    // Each series goes over a change of the clocks on some side of the world, one of them over midnight.
    khal('new', '2030-03-04', '07:30', '11:45', 'a', '--repeat', 'weekly', '--until', '2030-05-01');
    khal('new', '2030-10-01', '13:00', '18:00', 'b', '--repeat', 'daily', '--until', '2030-11-20');
    khal('new', '2030-09-20 22:00', '2030-09-21 01:30', 'c', '--repeat', 'monthly', '--until', '2030-12-30');
    khal('new', '2030-06-03', '09:00', '10:00', 'd');
    const said = khal('list', '--day-format', '', '--format', '{start-long}/{end-long}', '2030-01-01', '2031-01-01');
    const window = { fromMs: Date.UTC(2029, 11, 31), toMs: Date.UTC(2031, 0, 2) };
    const wall = wallTime(zone);
    const slots = files().flatMap((file) => takenSlots(file, window));
    const ours = slots.map(({ fromMs, toMs }) => `${wall(fromMs)}/${wall(toMs)}`);
    assert.deepEqual(ours.toSorted(), [...new Set(said.trim().split('\n'))].toSorted());
    assert.ok(ours.length > 60, `${ours.length} events`);
  });
}

function hasKhal(): boolean {
  try {
    execFileSync('khal', ['--version'], { stdio: 'ignore' });
    return true;
  } catch {
    return false;
  }
}
