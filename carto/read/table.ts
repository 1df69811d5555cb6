import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { blocksOf, Line } from '../grammar/line.ts';
import { type HeaderStyle, TableGrammar } from '../grammar/table.ts';
import type { SourceFile } from '../source.ts';
import { joinTables, type NumericTable, TableBuilder } from '../table.ts';

/** The name of a column, or a choice among names of several generations. */
export type ColumnChoice = string | ((columns: readonly string[]) => string | undefined);

export interface TableFile {
  readonly file: SourceFile;
  readonly kind: string;
  readonly checkpoint: Checkpoint;
  readonly style: HeaderStyle;
  /** First lines that belong to no table. */
  readonly skipLines?: number;
  /** Columns that must be there and hold numbers only. What other columns hold becomes NaN where it is no number. */
  readonly required: readonly ColumnChoice[];
  /** What else stands for *missing*, by column. */
  readonly missing?: Readonly<Record<string, number>>;
}

/** How an export writes that a value is missing or was never set. */
const missingValue = -10_000;
const unsetValue = 2_147_483_647;

/** A table that is held in memory has at most so many bytes as a file; larger ones are read in parts. */
const maxBytes = 256 * 2 ** 20;
/** Rows of one part. */
const partRows = 8192;

/** Reads a table with a header line. A file without any line is an empty table. */
export async function readTable(table: TableFile): Promise<NumericTable> {
  if (table.file.bytes > maxBytes) {
    throw new CartoError('TOO_LARGE', `a table has more than ${maxBytes} bytes`, {
      kind: table.kind,
      hint: 'It can be read in parts.',
    });
  }
  const reader = new TableReader(table);
  for await (const block of blocksOf(table.file, table.checkpoint, table.kind)) reader.feed(block);
  return reader.take();
}

/** The same in parts of some thousand rows: memory stays flat whatever the size. */
export async function* rowsOf(table: TableFile): AsyncGenerator<NumericTable> {
  const reader = new TableReader(table);
  for await (const block of blocksOf(table.file, table.checkpoint, table.kind)) {
    reader.feed(block);
    if (reader.rows >= partRows) yield reader.take();
  }
  if (reader.rows > 0) yield reader.take();
}

/** Several files of one table as one. */
export async function readTables(tables: readonly TableFile[]): Promise<NumericTable | undefined> {
  const read: NumericTable[] = [];
  for (const table of tables) read.push(await readTable(table));
  return joinTables(read);
}

/** Grows a table by blocks of lines. */
class TableReader {
  readonly #table: TableFile;
  readonly #grammar: TableGrammar;
  readonly #line = new Line();
  #builder = new TableBuilder([]);
  #strict: readonly boolean[] = [];
  #missing: readonly number[] = [];
  readonly #cell = (column: number) => this.#valueAt(column);

  constructor(table: TableFile) {
    this.#table = table;
    this.#grammar = new TableGrammar(table.kind, table.style);
  }

  /** Rows that were not taken yet. */
  get rows(): number {
    return this.#builder.rows;
  }

  feed(block: Buffer): void {
    const line = this.#line;
    const skip = this.#table.skipLines ?? 0;
    for (line.begin(block); line.advance(); ) {
      if (line.number <= skip) continue;
      const what = this.#grammar.line(line);
      if (what === 'row') this.#builder.addRow(this.#cell);
      else if (what === 'header') this.#header(this.#grammar.columns);
    }
  }

  take(): NumericTable {
    return this.#builder.build();
  }

  #header(columns: readonly string[]): void {
    const { required, missing = {} } = this.#table;
    const names = required.map((choice) => {
      const name = typeof choice === 'string' ? choice : choice(columns);
      if (name === undefined || !columns.includes(name))
        throw this.#broken(`the column ${name ?? 'of times'} is missing`);
      return name;
    });
    this.#builder = new TableBuilder(columns);
    this.#strict = columns.map((name) => names.includes(name));
    this.#missing = columns.map((name) => missing[name] ?? missingValue);
  }

  #valueAt(column: number): number {
    const value = this.#grammar.row.number(column);
    if (value === undefined) {
      if (this.#strict[column]) throw this.#broken('a cell of a column of numbers is not a number');
      return Number.NaN;
    }
    return value === missingValue || value === unsetValue || value === this.#missing[column] ? Number.NaN : value;
  }

  #broken(what: string): CartoError {
    return new CartoError('UNREADABLE', what, { kind: this.#table.kind, line: this.#line.number });
  }
}
