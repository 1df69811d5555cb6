import { type Bounds, isWithin } from '../grammar/bounds.ts';
import type { Line } from '../grammar/line.ts';
import type { Row } from '../grammar/row.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';

/** What the format writes where a number is missing. */
export const missing = '-10000';

export interface BoundedRow {
  readonly line: Line;
  readonly row: Row;
  /** The cells before this one pass as they are. */
  readonly first?: number;
  readonly boundsOf: (cell: number) => Bounds;
  /** What stands for a number out of its bounds; by default the missing one. */
  readonly instead?: (value: number) => string;
}

/**
 * Passes on a row whose cells were proved to be numbers: byte for byte, but for numbers out of their bounds, of which
 * it warns.
 */
export function passBounded(bounded: BoundedRow, pen: Pen, out: Passage): void {
  const { line, row, first = 0, boundsOf, instead = () => missing } = bounded;
  let passed = line.start;
  let leftOut = 0;
  for (let cell = first; cell < row.count; cell++) {
    const value = row.number(cell) ?? Number.NaN;
    if (isWithin(value, boundsOf(cell))) continue;
    out.pass(passed, row.start(cell));
    out.put(instead(value).padStart(row.end(cell) - row.start(cell)));
    passed = row.end(cell);
    leftOut++;
  }
  out.pass(passed, line.next);
  if (leftOut > 0) pen.desk.warnings.add('odd-value', pen.kind, leftOut);
}
