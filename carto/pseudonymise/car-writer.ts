import { CartoError } from '../error.ts';
import type { Line } from '../grammar/line.ts';
import { carHeader } from '../read/car.ts';
import { missing } from './bounded-row.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';

/** Rewrites `_car.txt`: the first line names the map, rows are cells between tabs. Readers go by position, so that no cell is left out. */
export class CarWriter implements LineWriter {
  readonly #pen: Pen<'car'>;

  constructor(pen: Pen<'car'>) {
    this.#pen = pen;
  }

  line(line: Line, out: Passage): void {
    if (line.number === 1) this.#header(line, out);
    else if (line.isBlank) out.pass(line.start, line.next);
    else this.#row(line, out);
  }

  #row(line: Line, out: Passage): void {
    const cells = line.text().split('\t');
    putLine(cells.map((cell, column) => this.#cell(cell, column)).join('\t'), line, out);
  }

  #header(line: Line, out: Passage): void {
    const [, major, minor, map] = carHeader.exec(line.text()) ?? [];
    if (map === undefined)
      throw new CartoError('UNREADABLE', 'the first line is not a version', { kind: 'car', line: 1 });
    putLine(`VERSION_${major}_${minor} ${this.#pen.write('map', map) ?? ''}`.trimEnd(), line, out);
  }

  #cell(cell: string, column: number): string {
    const value = cell.trim();
    return value === '' ? '' : (this.#pen.writeFound(String(column), value) ?? missing);
  }
}
