import ICAL from 'ical.js';
import { GatewayError } from '../../../core/errors.ts';

export class CalendarError extends GatewayError<'CALENDAR_UNREADABLE'> {}

/** A time that is taken, in milliseconds since 1970. */
export interface Slot {
  readonly fromMs: number;
  readonly toMs: number;
}

/** Occurrences that are looked at in all; a calendar with more is not one room's. */
const mostOccurrences = 20_000;
const dayMs = 86_400_000;

/**
 * Every time that a calendar (RFC 5545) takes and that touches the window, sorted: recurrences, their exceptions and
 * moved instances, in the zones that it names. Cancelled and transparent events take none; an all-day event takes its
 * day. Times without a zone are the machine's own. Throws CALENDAR_UNREADABLE, also for a zone that nobody knows.
 */
export function takenSlots(text: string, window: Slot): readonly Slot[] {
  const calendars = parse(text);
  const budget = { left: mostOccurrences };
  const slots = calendars.flatMap((calendar) => slotsOf(calendar, window, budget));
  const touching = slots.filter(({ fromMs, toMs }) => toMs >= window.fromMs && fromMs <= window.toMs);
  const different = new Map(touching.map((slot) => [`${slot.fromMs} ${slot.toMs}`, slot]));
  return [...different.values()].sort((one, other) => one.fromMs - other.fromMs);
}

function parse(text: string): readonly ICAL.Component[] {
  if (!/^\uFEFF?\s*BEGIN:VCALENDAR/i.test(text) || !/END:VCALENDAR\s*$/i.test(text)) {
    throw unreadable('it is not a whole calendar');
  }
  try {
    const parsed = ICAL.parse(text.replace(/^\uFEFF?\s*/, '')) as unknown[];
    const roots = (Array.isArray(parsed[0]) ? parsed : [parsed]) as [string, unknown[], unknown[]][];
    return roots.map((root) => new ICAL.Component(root));
  } catch (cause) {
    throw unreadable('it is not a calendar', cause);
  }
}

function slotsOf(calendar: ICAL.Component, window: Slot, budget: { left: number }): readonly Slot[] {
  const defaultZone = text(calendar, 'x-wr-timezone');
  const events = calendar.getAllSubcomponents('vevent').map((part) => new ICAL.Event(part, { strictExceptions: true }));
  const masters = events.filter((event) => !event.isRecurrenceException());
  const exceptions = events.filter((event) => event.isRecurrenceException());
  try {
    for (const exception of exceptions) {
      for (const master of masters) if (master.uid === exception.uid) master.relateException(exception);
    }
    // An exception stands where it was moved to, even if its series is not in the file.
    const moved = exceptions.map((event) => slotOf(event, event.startDate, event.endDate, defaultZone));
    const regular = masters.flatMap((event) => occurrences(event, window, defaultZone, budget));
    return [...moved, ...regular].filter((slot) => slot !== undefined);
  } catch (cause) {
    if (cause instanceof CalendarError) throw cause;
    throw unreadable('an event cannot be understood', cause);
  }
}

function occurrences(
  event: ICAL.Event,
  window: Slot,
  zone: string,
  budget: { left: number },
): readonly (Slot | undefined)[] {
  if (!event.isRecurring()) return [slotOf(event, event.startDate, event.endDate, zone)];
  const found: (Slot | undefined)[] = [];
  const iterator = event.iterator();
  for (let next = iterator.next(); next; next = iterator.next()) {
    if (budget.left-- <= 0) throw unreadable('it has too many occurrences');
    // An exception may have moved, and stands for itself; the zone of a start is known to within a day.
    if (next.toUnixTime() * 1000 > window.toMs + dayMs) break;
    if (next.toUnixTime() * 1000 < window.fromMs - spanMs(event) - dayMs) continue;
    const { item, startDate, endDate } = event.getOccurrenceDetails(next);
    found.push(slotOf(item, startDate, endDate, zone));
  }
  return found;
}

const spanMs = (event: ICAL.Event) => Math.abs(event.duration.toSeconds()) * 1000;

function slotOf(event: ICAL.Event, start: ICAL.Time, end: ICAL.Time | null, zone: string): Slot | undefined {
  if (text(event.component, 'status').toUpperCase() === 'CANCELLED') return undefined;
  if (text(event.component, 'transp').toUpperCase() === 'TRANSPARENT') return undefined;
  const fromMs = msOf(start, zoneOf(event, 'dtstart') || zone);
  const toMs = end ? msOf(end, zoneOf(event, 'dtend') || zoneOf(event, 'dtstart') || zone) : fromMs;
  if (!Number.isFinite(fromMs) || !Number.isFinite(toMs)) throw unreadable('an event has no time');
  return { fromMs, toMs: Math.max(fromMs, toMs) };
}

/** A zone that the calendar defines is used; one that it only names must be known to this machine. */
function msOf(time: ICAL.Time, zone: string): number {
  const isDefined = time.zone !== null && time.zone !== ICAL.Timezone.localTimezone && time.zone.tzid !== 'floating';
  if (isDefined && !time.isDate) return time.toUnixTime() * 1000;
  const { year, month, day, hour, minute, second } = time;
  const clock = time.isDate
    ? ([year, month, day, 0, 0, 0] as const)
    : ([year, month, day, hour, minute, second] as const);
  if (zone === '' || time.isDate) return new Date(clock[0], clock[1] - 1, ...rest(clock)).getTime();
  const utc = Date.UTC(clock[0], clock[1] - 1, ...rest(clock));
  // Twice: the offset at the first guess may be that of the other side of a change.
  const guess = utc - offsetMs(zone, utc);
  return utc - offsetMs(zone, guess);
}

const rest = (clock: readonly [number, number, number, number, number, number]) =>
  [clock[2], clock[3], clock[4], clock[5]] as const;

function offsetMs(zone: string, ms: number): number {
  try {
    const options = { timeZone: zone, timeZoneName: 'longOffset' } as const;
    const parts = new Intl.DateTimeFormat('en', options).formatToParts(ms);
    const name = parts.find(({ type }) => type === 'timeZoneName')?.value ?? '';
    const [, sign, hours = '0', minutes = '0'] = /([+-])(\d\d):(\d\d)/.exec(name) ?? [];
    return (sign === '-' ? -1 : 1) * (Number(hours) * 60 + Number(minutes)) * 60_000;
  } catch (cause) {
    throw unreadable('it names a time zone that is neither in it nor known here', cause);
  }
}

function zoneOf(event: ICAL.Event, property: string): string {
  const found: unknown = event.component.getFirstProperty(property)?.getFirstParameter('tzid');
  return typeof found === 'string' ? found : '';
}

function text(component: ICAL.Component, property: string): string {
  const value: unknown = component.getFirstPropertyValue(property);
  return typeof value === 'string' ? value : '';
}

function unreadable(why: string, cause?: unknown): CalendarError {
  return new CalendarError('CALENDAR_UNREADABLE', `the timetable cannot be used: ${why}`, {
    hint: 'Export it again as iCalendar (.ics), with its time zones.',
    ...(cause === undefined ? {} : { cause }),
  });
}
