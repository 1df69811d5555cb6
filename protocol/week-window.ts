import { z } from 'zod';

export const weekDays = ['mon', 'tue', 'wed', 'thu', 'fri', 'sat', 'sun'] as const;
export type WeekDay = (typeof weekDays)[number];

const time = z.string().regex(/^(?:[01]\d|2[0-3]):[0-5]\d$/, 'must be a time of day like 22:30');

/**
 * A stretch of local time on some days of the week, `from` included, `to` not. Where `to` is not after `from` it ends
 * on the next day; the days are those on which it begins.
 */
export const weekWindowSchema = z.strictObject({
  days: z.array(z.enum(weekDays)).min(1).max(7).exactOptional(),
  from: time,
  to: time.or(z.literal('24:00')),
});
export type WeekWindow = z.infer<typeof weekWindowSchema>;

const dayMinutes = 24 * 60;
const weekMinutes = 7 * dayMinutes;

/** Minutes since Monday 00:00: the first, and the one after the last. */
interface Stretch {
  readonly start: number;
  readonly end: number;
}

/** Whether a minute of the week, counted from Monday 00:00, lies in one of the windows. */
export function isInWindows(windows: readonly WeekWindow[], minute: number): boolean {
  return stretchesOf(windows).some(({ start, end }) => minute >= start && minute < end);
}

/** Minutes from `minute` until one of the windows is open; 0 when one is. Undefined when there is none. */
export function minutesUntilOpen(windows: readonly WeekWindow[], minute: number): number | undefined {
  if (isInWindows(windows, minute)) return 0;
  const waits = stretchesOf(windows).map(({ start }) => (start - minute + weekMinutes) % weekMinutes);
  return waits.length === 0 ? undefined : Math.min(...waits);
}

/** Windows that are open exactly when one of each list is. */
export function commonWindows(some: readonly WeekWindow[], others: readonly WeekWindow[]): WeekWindow[] {
  const both = stretchesOf(some).flatMap((one) =>
    stretchesOf(others).map((other) => ({
      start: Math.max(one.start, other.start),
      end: Math.min(one.end, other.end),
    })),
  );
  return both.filter(({ start, end }) => start < end).map(windowOf);
}

/** Each stretch lies within one day, so that none passes the end of the week. */
function stretchesOf(windows: readonly WeekWindow[]): Stretch[] {
  return windows.flatMap(({ days = weekDays, from, to }) => {
    const [first, last] = [minuteOf(from), minuteOf(to)];
    return days.flatMap((day) => {
      const midnight = weekDays.indexOf(day) * dayMinutes;
      const next = (midnight + dayMinutes) % weekMinutes;
      if (first < last) return [{ start: midnight + first, end: midnight + last }];
      const stretches = [
        { start: midnight + first, end: midnight + dayMinutes },
        { start: next, end: next + last },
      ];
      return stretches.filter(({ start, end }) => start < end);
    });
  });
}

function windowOf({ start, end }: Stretch): WeekWindow {
  const day = Math.floor(start / dayMinutes);
  return {
    days: [weekDays[day] as WeekDay],
    from: timeOf(start - day * dayMinutes),
    to: timeOf(end - day * dayMinutes),
  };
}

function minuteOf(text: string): number {
  const [hours = 0, minutes = 0] = text.split(':').map(Number);
  return hours * 60 + minutes;
}

function timeOf(minute: number): string {
  return `${String(Math.floor(minute / 60)).padStart(2, '0')}:${String(minute % 60).padStart(2, '0')}`;
}
