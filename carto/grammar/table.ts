import { CartoError } from '../error.ts';
import type { Line } from './line.ts';
import { maxCells, Row } from './row.ts';

/** How the header of a table is split. Rows are split at blanks and tabs in both. */
export type HeaderStyle = 'blanks' | 'tabs';

/**
 * The grammar of a table with one header line: VisiTag tables, RF and force traces, tracks. Each row has as many cells
 * as the header has names. Throws UNREADABLE where that fails; what the cells hold is for the caller to prove.
 */
export class TableGrammar {
  readonly row = new Row();
  columns: readonly string[] = [];
  rows = 0;
  readonly #kind: string;
  readonly #style: HeaderStyle;
  #headed = false;

  constructor(kind: string, style: HeaderStyle) {
    this.#kind = kind;
    this.#style = style;
  }

  line(line: Line): 'blank' | 'header' | 'row' {
    if (line.isBlank) return 'blank';
    if (!this.#headed) {
      this.columns = headerCells(line.text(), this.#style);
      if (this.columns.length > maxCells) {
        throw new CartoError('UNREADABLE', `the header has ${this.columns.length} columns`, {
          kind: this.#kind,
          line: line.number,
        });
      }
      this.#headed = true;
      return 'header';
    }
    const { count } = this.row.split(line);
    if (count !== this.columns.length) {
      throw new CartoError('UNREADABLE', `a row has ${count} cells, the header ${this.columns.length}`, {
        kind: this.#kind,
        line: line.number,
      });
    }
    this.rows++;
    return 'row';
  }

  /** Position of a column, or -1. */
  indexOf(name: string): number {
    return this.columns.indexOf(name);
  }
}

/** Names of a header line. A name between tabs may hold blanks (`Power Mode`). */
export function headerCells(text: string, style: HeaderStyle): string[] {
  const cells = style === 'tabs' ? text.split('\t').map((cell) => cell.trim()) : text.split(/[ \t]+/);
  return cells.filter((cell) => cell !== '');
}
