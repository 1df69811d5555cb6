import assert from 'node:assert/strict';
import { test } from 'node:test';
import { takenSlots } from './calendar.ts';

const at = (text: string) => Date.parse(text);
const year = { fromMs: at('2029-01-01T00:00:00Z'), toMs: at('2031-12-31T00:00:00Z') };

function calendar(events: readonly string[], head: readonly string[] = []): string {
  return ['BEGIN:VCALENDAR', 'VERSION:2.0', 'PRODID:-//test//EN', ...head, ...events, 'END:VCALENDAR', ''].join('\r\n');
}

const event = (...lines: readonly string[]) =>
  ['BEGIN:VEVENT', 'UID:one', 'DTSTAMP:20300101T000000Z', ...lines, 'END:VEVENT'].join('\r\n');

const taken = (text: string, window = year) =>
  takenSlots(text, window).map(
    ({ fromMs, toMs }) => `${new Date(fromMs).toISOString().slice(0, 16)} ${(toMs - fromMs) / 60_000}`,
  );

/** As Google writes it: a standard name, its rules, and recurrences in local time. */
const berlin = `BEGIN:VTIMEZONE
TZID:Europe/Berlin
X-LIC-LOCATION:Europe/Berlin
BEGIN:DAYLIGHT
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
TZNAME:CEST
DTSTART:19700329T020000
RRULE:FREQ=YEARLY;BYMONTH=3;BYDAY=-1SU
END:DAYLIGHT
BEGIN:STANDARD
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
TZNAME:CET
DTSTART:19701025T030000
RRULE:FREQ=YEARLY;BYMONTH=10;BYDAY=-1SU
END:STANDARD
END:VTIMEZONE`.replaceAll('\n', '\r\n');

/** As Outlook and Exchange write it: a name of their own, two rules, the years of the rules long ago. */
const windows = `BEGIN:VTIMEZONE
TZID:W. Europe Standard Time
BEGIN:STANDARD
DTSTART:16010101T030000
TZOFFSETFROM:+0200
TZOFFSETTO:+0100
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=10
END:STANDARD
BEGIN:DAYLIGHT
DTSTART:16010101T020000
TZOFFSETFROM:+0100
TZOFFSETTO:+0200
RRULE:FREQ=YEARLY;INTERVAL=1;BYDAY=-1SU;BYMONTH=3
END:DAYLIGHT
END:VTIMEZONE`.replaceAll('\n', '\r\n');

test('Google: a weekly series keeps its local hour over the change to summer time; an excluded day is free', () => {
  const series = event(
    'DTSTART;TZID=Europe/Berlin:20300320T080000',
    'DTEND;TZID=Europe/Berlin:20300320T120000',
    'RRULE:FREQ=WEEKLY;COUNT=4',
    'EXDATE;TZID=Europe/Berlin:20300327T080000',
  );
  assert.deepEqual(taken(calendar([series], ['METHOD:PUBLISH', 'X-WR-TIMEZONE:Europe/Berlin', berlin])), [
    '2030-03-20T07:00 240',
    '2030-04-03T06:00 240',
    '2030-04-10T06:00 240',
  ]);
});

test('Outlook: its own zone names, folded lines, a moved and a cancelled instance', () => {
  const series = event(
    'DTSTART;TZID="W. Europe Standard Time":20301021T080000',
    'DTEND;TZID="W. Europe Standard Time":20301021T100000',
    'RRULE:FREQ=WEEKLY;UNTIL=20301111T070000Z',
    'SUMMARY;LANGUAGE=de-DE:Ablation with a very long name that goes on\r\n  on the next line',
    'X-MICROSOFT-CDO-BUSYSTATUS:BUSY',
  );
  const moved = event(
    'RECURRENCE-ID;TZID="W. Europe Standard Time":20301028T080000',
    'DTSTART;TZID="W. Europe Standard Time":20301029T130000',
    'DTEND;TZID="W. Europe Standard Time":20301029T140000',
  );
  const cancelled = event(
    'RECURRENCE-ID;TZID="W. Europe Standard Time":20301104T080000',
    'DTSTART;TZID="W. Europe Standard Time":20301104T080000',
    'DTEND;TZID="W. Europe Standard Time":20301104T100000',
    'STATUS:CANCELLED',
  );
  assert.deepEqual(taken(calendar([series, moved, cancelled], ['METHOD:PUBLISH', windows])), [
    '2030-10-21T06:00 120',
    '2030-10-29T12:00 60',
    '2030-11-11T07:00 120',
  ]);
});

test('Apple and CalDAV servers: durations, UTC, several weekdays, an interval, extra dates', () => {
  const series = event(
    'DTSTART:20300107T070000Z',
    'DURATION:PT90M',
    'RRULE:FREQ=WEEKLY;INTERVAL=2;BYDAY=MO,WE;COUNT=3',
    'RDATE:20300301T070000Z',
  );
  assert.deepEqual(taken(calendar([series])), [
    '2030-01-07T07:00 90',
    '2030-01-09T07:00 90',
    '2030-01-21T07:00 90',
    '2030-03-01T07:00 90',
  ]);
});

test('exporters that name a zone and do not define it: the machine knows it, on both sides of the change', () => {
  const one = event('DTSTART;TZID=America/New_York:20300310T080000', 'DTEND;TZID=America/New_York:20300310T090000');
  const two = event('DTSTART;TZID=America/New_York:20300309T080000', 'DTEND;TZID=America/New_York:20300309T090000');
  assert.deepEqual(taken(calendar([one, two])), ['2030-03-09T13:00 60', '2030-03-10T12:00 60']);
  const unknown = event('DTSTART;TZID=Nowhere/City:20300310T080000', 'DTEND;TZID=Nowhere/City:20300310T090000');
  assert.throws(() => taken(calendar([unknown])), { code: 'CALENDAR_UNREADABLE' });
});

test('an instance that was moved into the window counts, even without its series', () => {
  const window = { fromMs: at('2030-06-01T00:00:00Z'), toMs: at('2030-06-02T00:00:00Z') };
  const series = event('DTSTART:20300107T070000Z', 'DTEND:20300107T080000Z', 'RRULE:FREQ=YEARLY');
  const moved = event('RECURRENCE-ID:20300107T070000Z', 'DTSTART:20300601T070000Z', 'DTEND:20300601T080000Z');
  assert.deepEqual(taken(calendar([series, moved]), window), ['2030-06-01T07:00 60']);
  assert.deepEqual(taken(calendar([moved]), window), ['2030-06-01T07:00 60']);
});

test('cancelled and transparent events take no time; an all-day event takes its day', () => {
  const day = event('DTSTART;VALUE=DATE:20300107', 'DTEND;VALUE=DATE:20300108');
  const none = [
    event('DTSTART:20300201T070000Z', 'DTEND:20300201T080000Z', 'STATUS:CANCELLED'),
    event('DTSTART:20300202T070000Z', 'DTEND:20300202T080000Z', 'TRANSP:TRANSPARENT'),
  ];
  const slots = takenSlots(calendar([day, ...none]), year);
  assert.deepEqual(slots, [{ fromMs: new Date(2030, 0, 7).getTime(), toMs: new Date(2030, 0, 8).getTime() }]);
});

test('a series from long ago reaches today; one without bounds that is too fine is refused', () => {
  const window = { fromMs: at('2030-06-03T00:00:00Z'), toMs: at('2030-06-04T00:00:00Z') };
  const old = event('DTSTART:20100104T070000Z', 'DTEND:20100104T080000Z', 'RRULE:FREQ=DAILY');
  assert.deepEqual(taken(calendar([old]), window), ['2030-06-03T07:00 60']);
  const fine = event('DTSTART:20290104T070000Z', 'DTEND:20290104T070001Z', 'RRULE:FREQ=SECONDLY');
  assert.throws(() => taken(calendar([fine])), { code: 'CALENDAR_UNREADABLE' });
});

test('what is no whole calendar is refused; an empty one is a free room', () => {
  const whole = calendar([event('DTSTART:20300107T070000Z', 'DTEND:20300107T080000Z')]);
  for (const text of [
    '',
    'hello',
    '<html></html>',
    whole.slice(0, 150),
    whole.replace('END:VEVENT', ''),
    calendar([event('SUMMARY:no time')]),
  ]) {
    assert.throws(() => taken(text), { code: 'CALENDAR_UNREADABLE' }, text.slice(0, 30));
  }
  assert.deepEqual(taken(calendar([])), []);
});
