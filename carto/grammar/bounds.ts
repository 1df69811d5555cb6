/**
 * How large a number of a column can be. What the format measures and counts is small; a record number, a date without
 * separators, a phone number and a time of the calendar are not, so that a number out of its bounds is no measurement.
 */
export interface Bounds {
  /** The number's size is below this. */
  readonly below: number;
  /** It has no fraction. */
  readonly whole?: true;
  /** One value beyond the limit that the format uses as a sentinel. */
  readonly or?: number;
}

/** NaN, a value that the export marks as missing, is within any bounds. */
export function isWithin(value: number, { below, whole, or }: Bounds): boolean {
  if (Number.isNaN(value) || value === or) return true;
  return Math.abs(value) < below && (whole !== true || Number.isInteger(value));
}
