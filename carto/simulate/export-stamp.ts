import type { Random } from './random.ts';
import { SimulatorError } from './simulator-error.ts';

/** The moment a study was exported, as text; drawn or given, never taken from a clock. */
export interface ExportStamp {
  /** `MM_DD_YYYY HH-MM-SS`. */
  readonly inNames: string;
  /** `MM/DD/YY`. */
  readonly date: string;
  /** `HH:MM:SS`. */
  readonly time: string;
  /** The same moment taken as UTC: what entries of a container and files say. */
  readonly at: Date;
}

/** The later an export, the later its stamp: this far apart. */
const apartMs = (26 * 60 * 60 + 17 * 60 + 41) * 1000;

/** Draws a working-day moment; `ordinal` counts the exports of one study, the first being 0. */
export function drawStamp(random: Random, ordinal: number): ExportStamp {
  const year = random.integer(2021, 2025);
  const [month, day] = [random.integer(1, 12), random.integer(1, 28)];
  const [hour, minute, second] = [random.integer(9, 18), random.integer(0, 59), random.integer(0, 59)];
  return stampOf(new Date(Date.UTC(year, month - 1, day, hour, minute, second) + ordinal * apartMs));
}

/** A stamp as it stands in names: `MM_DD_YYYY HH-MM-SS`. Throws `BAD_OPTION` for what is no moment. */
export function parseStamp(text: string): ExportStamp {
  const [, month, day, year, hour, minute, second] =
    /^(\d\d)_(\d\d)_(\d{4}) (\d\d)-(\d\d)-(\d\d)$/.exec(text)?.map(Number) ?? [];
  const at = new Date(Date.UTC(year ?? 0, (month ?? 0) - 1, day, hour, minute, second));
  const stamp = year === undefined || Number.isNaN(at.getTime()) ? undefined : stampOf(at);
  if (stamp?.inNames === text) return stamp;
  throw new SimulatorError('BAD_OPTION', 'expected stamp to be a moment, found something else', {
    hint: 'Write it as MM_DD_YYYY HH-MM-SS, for example 03_31_2024 16-05-00.',
  });
}

function stampOf(at: Date): ExportStamp {
  const [year, month, day, hour, minute, second] = at.toISOString().split(/[-T:.]/);
  return {
    inNames: `${month}_${day}_${year} ${hour}-${minute}-${second}`,
    date: `${month}/${day}/${year!.slice(2)}`,
    time: `${hour}:${minute}:${second}`,
    at,
  };
}
