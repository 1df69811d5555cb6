/**
 * Dates as people type them, and the digits by which a date may stand in a column of numbers: with the year in front or
 * behind, in two digits or four. Only what can be a date is taken for one; `123-45-6789` cannot.
 */

/** Alternatives of the first three letters, English and German. */
const months: Readonly<Record<string, number>> = {
  ...{ jan: 1, jän: 1, feb: 2, mar: 3, mär: 3, mrz: 3, apr: 4, may: 5, mai: 5, jun: 6, jul: 7, aug: 8, sep: 9 },
  ...{ oct: 10, okt: 10, nov: 11, dec: 12, dez: 12 },
};

const inDigits = /(?<!\d)(\d{1,4})[-_/.](\d{1,2})[-_/.](\d{1,4})(?!\d)/g;
const dayFirst = /(?<!\d)(\d{1,2})[-_/.,\s]{0,2}(\p{L}{3})\p{L}{0,6}[-_/.,\s]{0,2}(\d{4}|\d{2})(?!\d)/gu;
const monthFirst =
  /(?<!\p{L})(\p{L}{3})\p{L}{0,6}[-_/.,\s]{0,2}(\d{1,2})(?:st|nd|rd|th)?[-_/.,\s]{1,2}(\d{4}|\d{2})(?!\d)/gu;

interface CalendarDate {
  readonly year: string;
  readonly month: string;
  readonly day: string;
}

/** The digits of every date in a text, in every order; and the text without those that are digits only. */
export function takeDates(text: string): { readonly digits: readonly string[]; readonly rest: string } {
  const dates: CalendarDate[] = [];
  const rest = text.replaceAll(inDigits, (whole, a: string, b: string, c: string) => {
    const found = [dateOf(c, b, a), dateOf(c, a, b), dateOf(a, b, c)].filter((date) => date !== undefined);
    dates.push(...found);
    return found.length > 0 ? ' | ' : whole;
  });
  for (const [, day = '', word = '', year = ''] of text.matchAll(dayFirst)) dates.push(...named(year, word, day));
  for (const [, word = '', day = '', year = ''] of text.matchAll(monthFirst)) dates.push(...named(year, word, day));
  return { digits: dates.flatMap(ordersOf), rest };
}

function named(year: string, word: string, day: string): CalendarDate[] {
  const date = dateOf(year, String(months[word.toLowerCase()] ?? 0), day);
  return date ? [date] : [];
}

function dateOf(year: string, month: string, day: string): CalendarDate | undefined {
  if (year.length !== 2 && !/^(?:18|19|20)\d\d$/.test(year)) return undefined;
  if (month.length > 2 || day.length > 2) return undefined;
  if (!(Number(month) >= 1 && Number(month) <= 12 && Number(day) >= 1 && Number(day) <= 31)) return undefined;
  return { year, month: month.padStart(2, '0'), day: day.padStart(2, '0') };
}

function ordersOf({ year, month, day }: CalendarDate): string[] {
  const years = year.length === 4 ? [year] : [year, `19${year}`, `20${year}`];
  return years.flatMap((y) => [y + month + day, day + month + y, month + day + y]);
}
