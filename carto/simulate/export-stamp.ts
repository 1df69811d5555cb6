import type { Random } from './random.ts';

/** The moment a study was exported, as text; drawn, never taken from a clock. */
export interface ExportStamp {
  /** `MM_DD_YYYY HH-MM-SS`. */
  readonly inNames: string;
  /** `MM/DD/YY`. */
  readonly date: string;
  /** `HH:MM:SS`. */
  readonly time: string;
}

/** Draws a working-day moment. */
export function drawStamp(random: Random): ExportStamp {
  const two = (value: number) => String(value).padStart(2, '0');
  const year = random.integer(2021, 2025);
  const [month, day] = [two(random.integer(1, 12)), two(random.integer(1, 28))];
  const [hour, minute, second] = [two(random.integer(9, 18)), two(random.integer(0, 59)), two(random.integer(0, 59))];
  return {
    inNames: `${month}_${day}_${year} ${hour}-${minute}-${second}`,
    date: `${month}/${day}/${two(year % 100)}`,
    time: `${hour}:${minute}:${second}`,
  };
}
