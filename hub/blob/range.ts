import { BlobError } from './errors.ts';

/** Bytes `start` up to but not including `end` of a blob. */
export interface ByteRange {
  readonly start: number;
  readonly end: number;
}

/**
 * Reads a `Range` or `x-ms-range` header: `bytes=first-last` or `bytes=first-`. Undefined means the whole blob: absent,
 * or a form that the service ignores (a suffix, several ranges). Throws InvalidRange beyond the end.
 */
export function readRange(header: string | undefined, bytes: number): ByteRange | undefined {
  const match = /^bytes=(\d{1,15})-(\d{1,15})?$/.exec(header ?? '');
  if (!match) return undefined;
  const start = Number(match[1]);
  const last = match[2] === undefined ? bytes - 1 : Math.min(Number(match[2]), bytes - 1);
  if (start >= bytes || last < start) throw new BlobError('InvalidRange');
  return { start, end: last + 1 };
}
