import type { ElectrodeRows, Track } from '../study.ts';
import type { NumericTable } from '../table.ts';

/**
 * Tells the electrodes of a file of positions by the order of its rows. Rows of one electrode follow each other with
 * rising times; a number that does not rise begins a new spline (A7: `1 2 | 1 2 3 4 | 1 2 3 4`, electrodes may be
 * missing). A single column of numbers is all there is: two splines of one electrode each differ by their times alone.
 */
export function withElectrodes(table: NumericTable): Track {
  const numbers = table.column('Electrode#') ?? table.column('Sensor#') ?? new Float64Array(table.rows);
  const times = table.column('Time') ?? new Float64Array(table.rows);
  const electrodes: ElectrodeRows[] = [];
  let spline = 0;
  for (let row = 0; row < table.rows; ) {
    const number = numbers[row] as number;
    let end = row + 1;
    while (end < table.rows && numbers[end] === number && (times[end] as number) > (times[end - 1] as number)) end++;
    const before = electrodes.at(-1);
    if (before && !(number > before.number)) spline++;
    electrodes.push({ ordinal: electrodes.length, spline, number, firstRow: row, rows: end - row });
    row = end;
  }
  return { ...table, electrodes };
}
