/** A day of the calendar. Under `safe-harbor` month and day are 0: no date has them, so that nobody takes it for one. */
export interface CalendarDay {
  readonly year: number;
  readonly month: number;
  readonly day: number;
}

const msPerDay = 86_400_000;

/** No export is older than the system, and none is of the next century. */
const years = { from: 1990, to: 2099 };

/** `2021-7-9`, as writers hand a day over. Undefined for what is no day of these years. */
export function parseDay(text: string): CalendarDay | undefined {
  const [, year, month, day] = (/^(\d{4})-(\d{1,2})-(\d{1,2})$/.exec(text) ?? []).map(Number);
  if (year === undefined || month === undefined || day === undefined) return undefined;
  if (year < years.from || year > years.to) return undefined;
  const same = dayOf(Date.UTC(year, month - 1, day));
  return same.year === year && same.month === month && same.day === day ? same : undefined;
}

export function formatDay({ year, month, day }: CalendarDay): string {
  return `${year}-${month}-${day}`;
}

export function shiftDay({ year, month, day }: CalendarDay, days: number): CalendarDay {
  return dayOf(Date.UTC(year, month - 1, day) + days * msPerDay);
}

/** The year alone (45 CFR 164.514(b)(2)(i)(C)). */
export function yearOf({ year }: CalendarDay): CalendarDay {
  return { year, month: 0, day: 0 };
}

function dayOf(ms: number): CalendarDay {
  const date = new Date(ms);
  return { year: date.getUTCFullYear(), month: date.getUTCMonth() + 1, day: date.getUTCDate() };
}
