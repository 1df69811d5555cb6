import { CartoError } from '../error.ts';
import type { Line } from '../grammar/line.ts';
import { type HeaderStyle, TableGrammar } from '../grammar/table.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import { type CounterName, grammars } from './rule.ts';

/** What happens to a column's cells. `numbers` are proved and go on byte for byte. */
type Column =
  | { readonly name: string; readonly cells: 'numbers' | 'left-out' | 'written' }
  | { readonly name: string; readonly cells: 'mapped'; readonly counter: CounterName };

/** What stands for a cell whose text is left out. */
const noText = 'NA';

/** Rewrites a table with one header line. Columns without a rule are left out, header and cells. */
export class TableWriter implements LineWriter {
  readonly #pen: Pen;
  readonly #style: HeaderStyle;
  readonly #grammar: TableGrammar;
  #columns: readonly Column[] = [];
  #allNumbers = false;

  constructor(pen: Pen, style: HeaderStyle) {
    this.#pen = pen;
    this.#style = style;
    this.#grammar = new TableGrammar(pen.kind, style);
  }

  line(line: Line, out: Passage): void {
    const what = this.#grammar.line(line);
    if (what === 'header') this.#header(line, out);
    else if (what === 'blank') out.pass(line.start, line.next);
    else if (this.#allNumbers) this.#passRow(line, out);
    else this.#row(line, out);
  }

  #header(line: Line, out: Passage): void {
    this.#columns = this.#grammar.columns.map((name) => columnOf(name, this.#pen));
    this.#allNumbers = this.#columns.every((column) => column.cells === 'numbers');
    putLine(headerText(line.text(), this.#style, new Set(this.#names())), line, out);
  }

  /** Names of the columns that stay. */
  #names(): string[] {
    return this.#columns.filter((column) => column.cells !== 'left-out').map((column) => column.name);
  }

  #passRow(line: Line, out: Passage): void {
    if (!this.#grammar.row.areNumbers()) throw this.#notANumber(line);
    out.pass(line.start, line.next);
  }

  #row(line: Line, out: Passage): void {
    const { row } = this.#grammar;
    let passed = line.start;
    for (const [at, column] of this.#columns.entries()) {
      if (column.cells === 'numbers') {
        if (!row.isNumber(at)) throw this.#notANumber(line);
        continue;
      }
      if (column.cells === 'left-out') {
        if (at > 0) out.pass(passed, row.end(at - 1));
        passed = at > 0 ? row.end(at) : row.end(0);
        continue;
      }
      out.pass(passed, row.start(at));
      out.put(this.#written(column, at, line).padStart(row.end(at) - row.start(at)));
      passed = row.end(at);
    }
    out.pass(passed, line.next);
  }

  #written(column: Column, at: number, line: Line): string {
    const { row } = this.#grammar;
    if (column.cells !== 'mapped') return this.#pen.write(column.name, row.text(at)) ?? noText;
    const value = row.number(at);
    if (value === undefined) throw this.#notANumber(line);
    return Number.isSafeInteger(value) ? String(this.#pen.desk.counters.of(column.counter, value)) : noText;
  }

  #notANumber(line: Line): CartoError {
    return new CartoError('UNREADABLE', 'a cell is not a number', { kind: this.#pen.kind, line: line.number });
  }
}

function columnOf(name: string, pen: Pen): Column {
  const rule = pen.ruleOf(name);
  if (!rule) pen.desk.warnings.add('dropped-column', pen.kind);
  if (!rule || rule.do === 'drop') return { name, cells: 'left-out' };
  if (rule.do === 'map') return { name, cells: 'mapped', counter: rule.as };
  const isNumbers = rule.do === 'keep' && (rule.as === grammars.number || rule.as === grammars.numbers);
  return { name, cells: isNumbers ? 'numbers' : 'written' };
}

/** The header with the names that stay, spaced as it was between blanks. */
function headerText(text: string, style: HeaderStyle, kept: ReadonlySet<string>): string {
  if (style === 'blanks') {
    const cells = text.matchAll(/([ \t]*)([^ \t]+)/g);
    const end = /[ \t]*$/.exec(text)?.[0] ?? '';
    return Array.from(cells, ([, gap = '', name = '']) => (kept.has(name) ? gap + name : '')).join('') + end;
  }
  const cells = text.split('\t').map((cell) => cell.trim());
  return cells.filter((cell) => cell === '' || kept.has(cell)).join('\t');
}
