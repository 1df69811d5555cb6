import { Numbers } from './numbers.ts';

/** Columns of numbers by name, all of the same length; NaN where the export says that there is no value. */
export interface NumericTable {
  readonly rows: number;
  /** In the order of the file. */
  readonly columns: readonly string[];
  column(name: string): Float64Array | undefined;
}

/** A table that grows by rows. */
export class TableBuilder {
  readonly #columns: readonly string[];
  readonly #values: readonly Numbers<Float64Array<ArrayBuffer>>[];

  constructor(columns: readonly string[]) {
    this.#columns = columns;
    this.#values = columns.map(() => new Numbers<Float64Array<ArrayBuffer>>(Float64Array));
  }

  get rows(): number {
    return this.#values[0]?.length ?? 0;
  }

  addRow(valueAt: (column: number) => number): void {
    for (let column = 0; column < this.#columns.length; column++) {
      (this.#values[column] as Numbers<Float64Array<ArrayBuffer>>).push(valueAt(column));
    }
  }

  /** The table so far; the builder is empty afterwards. */
  build(): NumericTable {
    return tableOf(
      this.#columns,
      this.rows,
      this.#values.map((values) => values.take()),
    );
  }
}

/** A table of columns that are all there. */
export function tableOf(columns: readonly string[], rows: number, values: readonly Float64Array[]): NumericTable {
  const byName = new Map(columns.map((name, at) => [name, values[at] as Float64Array]));
  return { rows, columns, column: (name) => byName.get(name) };
}

/** One table behind another; a column that one of them lacks is NaN there. Undefined for no table at all. */
export function joinTables(tables: readonly NumericTable[]): NumericTable | undefined {
  const filled = tables.filter((table) => table.rows > 0);
  if (filled.length < 2) return filled[0] ?? tables[0];
  const columns = [...new Set(filled.flatMap((table) => table.columns))];
  const rows = filled.reduce((total, table) => total + table.rows, 0);
  const values = columns.map((name) => {
    const joined = new Float64Array(rows).fill(Number.NaN);
    let at = 0;
    for (const table of filled) {
      joined.set(table.column(name) ?? [], at);
      at += table.rows;
    }
    return joined;
  });
  return tableOf(columns, rows, values);
}
