import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { eachLine } from '../grammar/line.ts';
import { type HeaderStyle, TableGrammar } from '../grammar/table.ts';
import type { SourceFile } from '../source.ts';
import { type NumericTable, TableBuilder } from '../table.ts';

export interface TableFile {
  readonly file: SourceFile;
  readonly kind: string;
  readonly checkpoint: Checkpoint;
  readonly style: HeaderStyle;
  /** First lines that belong to no table. */
  readonly skipLines?: number;
  /** Columns that must be there and hold numbers only. What other columns hold becomes NaN where it is no number. */
  readonly required: readonly string[];
}

/** How an export writes that a value is missing. */
const missingValue = -10_000;

/** Reads a table with a header line. A file without any line is an empty table. */
export async function readTable(table: TableFile): Promise<NumericTable> {
  const { file, checkpoint, kind } = table;
  const grammar = new TableGrammar(kind, table.style);
  const skip = table.skipLines ?? 0;
  let builder = new TableBuilder([]);
  let strict: boolean[] = [];
  await eachLine(file, checkpoint, kind, (line) => {
    if (line.number <= skip) return;
    const what = grammar.line(line);
    if (what === 'header') {
      expectColumns(grammar.columns, table, line.number);
      builder = new TableBuilder(grammar.columns);
      strict = grammar.columns.map((name) => table.required.includes(name));
    }
    if (what === 'row') builder.addRow((column) => cell(grammar, column, strict[column] === true, kind, line.number));
  });
  return builder.build();
}

function cell(grammar: TableGrammar, column: number, strict: boolean, kind: string, line: number): number {
  const value = grammar.row.number(column);
  if (value === undefined) {
    if (strict)
      throw new CartoError('UNREADABLE', `a cell of ${grammar.columns[column]} is not a number`, { kind, line });
    return Number.NaN;
  }
  return value === missingValue ? Number.NaN : value;
}

function expectColumns(columns: readonly string[], { required, kind }: TableFile, line: number): void {
  const absent = required.find((name) => !columns.includes(name));
  if (absent !== undefined) throw new CartoError('UNREADABLE', `the column ${absent} is missing`, { kind, line });
}
