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
  #values: Float64Array[];
  #rows = 0;
  #room = 64;

  constructor(columns: readonly string[]) {
    this.#columns = columns;
    this.#values = columns.map(() => new Float64Array(this.#room));
  }

  get rows(): number {
    return this.#rows;
  }

  addRow(valueAt: (column: number) => number): void {
    if (this.#rows === this.#room) this.#grow();
    for (let column = 0; column < this.#columns.length; column++) {
      (this.#values[column] as Float64Array)[this.#rows] = valueAt(column);
    }
    this.#rows++;
  }

  build(): NumericTable {
    const rows = this.#rows;
    const byName = new Map(this.#columns.map((name, at) => [name, (this.#values[at] as Float64Array).slice(0, rows)]));
    return { rows, columns: this.#columns, column: (name) => byName.get(name) };
  }

  #grow(): void {
    this.#room *= 2;
    this.#values = this.#values.map((old) => {
      const grown = new Float64Array(this.#room);
      grown.set(old);
      return grown;
    });
  }
}
