import { CartoError } from '../error.ts';
import { trailingBlanks } from '../grammar/blanks.ts';
import { type Bounds, isWithin } from '../grammar/bounds.ts';
import type { Line } from '../grammar/line.ts';
import { type HeaderStyle, TableGrammar } from '../grammar/table.ts';
import { missing } from './bounded-row.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import { type ProofColumn, type ProofColumns, proofColumns } from './proof/prover.ts';
import type { CounterName } from './rule.ts';

/** What happens to a column's cells. `numbers` are proved and go on byte for byte, if they are within their bounds. */
type Column =
  | { readonly name: string; readonly cells: 'numbers'; readonly bounds: Bounds }
  | { readonly name: string; readonly cells: 'left-out' | 'written' }
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
  #proof: ProofColumns | undefined;

  constructor(pen: Pen, style: HeaderStyle) {
    this.#pen = pen;
    this.#style = style;
    this.#grammar = new TableGrammar(pen.kind, style);
  }

  columns(): ProofColumns | undefined {
    return this.#proof;
  }

  line(line: Line, out: Passage): void {
    const what = this.#grammar.line(line);
    if (what === 'header') this.#header(line, out);
    else if (what === 'blank') out.pass(line.start, line.next);
    else if (this.#allNumbers && this.#isProved()) out.pass(line.start, line.next);
    else this.#row(line, out);
  }

  #header(line: Line, out: Passage): void {
    this.#columns = this.#grammar.columns.map((name) => columnOf(name, this.#pen));
    this.#allNumbers = this.#columns.every((column) => column.cells === 'numbers');
    const proof = this.#columns.map((column) => proofOf(column, this.#pen));
    if (proof.every((column) => column !== undefined)) this.#proof = proofColumns(proof);
    putLine(headerText(line.text(), this.#style, new Set(this.#names())), line, out);
  }

  /** Names of the columns that stay. */
  #names(): string[] {
    return this.#columns.filter((column) => column.cells !== 'left-out').map((column) => column.name);
  }

  #isProved(): boolean {
    return this.#columns.every((column, at) => {
      const value = this.#grammar.row.number(at);
      return value !== undefined && column.cells === 'numbers' && isWithin(value, column.bounds);
    });
  }

  #row(line: Line, out: Passage): void {
    const { row } = this.#grammar;
    let passed = line.start;
    for (const [at, column] of this.#columns.entries()) {
      if (column.cells === 'numbers') {
        const value = row.number(at);
        if (value === undefined) throw this.#notANumber(line);
        if (isWithin(value, column.bounds)) continue;
      }
      if (column.cells === 'left-out') {
        if (at > 0) out.pass(passed, row.end(at - 1));
        passed = at > 0 ? row.end(at) : row.end(0);
        continue;
      }
      out.pass(passed, row.start(at));
      const written = column.cells === 'numbers' ? this.#outOfBounds() : this.#written(column, at, line);
      out.put(written.padStart(row.end(at) - row.start(at)));
      passed = row.end(at);
    }
    out.pass(passed, line.next);
  }

  #written(column: Column, at: number, line: Line): string {
    const { row } = this.#grammar;
    if (column.cells !== 'mapped') return this.#pen.writeFound(column.name, row.text(at)) ?? noText;
    const value = row.number(at);
    if (value === undefined) throw this.#notANumber(line);
    return Number.isSafeInteger(value) ? String(this.#pen.desk.counters.of(column.counter, value)) : noText;
  }

  #outOfBounds(): string {
    this.#pen.desk.warnings.add('odd-value', this.#pen.kind);
    return missing;
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
  const bounds = pen.boundsOfFound(name);
  return bounds ? { name, cells: 'numbers', bounds } : { name, cells: 'written' };
}

/** A column as the proof takes it; undefined for one that is left out, or whose text may be anything. */
function proofOf(column: Column, pen: Pen): ProofColumn | undefined {
  if (column.cells === 'numbers') return { cells: 'numbers', bounds: column.bounds };
  if (column.cells === 'mapped') return { cells: 'counters', counter: column.counter };
  const rule = pen.ruleOf(column.name);
  const words = rule?.do === 'keep' ? rule.as.words : undefined;
  return words && { cells: 'words', words };
}

/** The header with the names that stay, spaced as it was between blanks. */
function headerText(text: string, style: HeaderStyle, kept: ReadonlySet<string>): string {
  if (style === 'blanks') {
    let end = 0;
    const names = Array.from(text.matchAll(/[^ \t]+/g), ({ 0: name, index }) => {
      const gap = text.slice(end, index);
      end = index + name.length;
      return kept.has(name) ? gap + name : '';
    });
    return names.join('') + trailingBlanks(text);
  }
  const cells = text.split('\t').map((cell) => cell.trim());
  return cells.filter((cell) => cell === '' || kept.has(cell)).join('\t');
}
