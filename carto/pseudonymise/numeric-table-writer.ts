import { CartoError } from '../error.ts';
import { isWithin } from '../grammar/bounds.ts';
import type { Line } from '../grammar/line.ts';
import { type HeaderStyle, TableGrammar } from '../grammar/table.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import { type ProofColumn, type ProofColumns, proofColumns } from './proof/prover.ts';

type Column = Exclude<ProofColumn, { readonly cells: 'words' }>;

/**
 * Rewrites a table of which nothing is known but that it is one: one header line, then rows of numbers, one for each
 * name. Names of columns that documented tables have stay, with the rule that they have there; any other is coded, and
 * its cells are measures. Throws UNREADABLE for whatever is not a number of its column: no cell is left out or mended.
 */
export class NumericTableWriter implements LineWriter {
  readonly #pen: Pen<'unsupported-table'>;
  #grammar: TableGrammar | undefined;
  #columns: readonly Column[] = [];
  #proof: ProofColumns | undefined;

  constructor(pen: Pen<'unsupported-table'>) {
    this.#pen = pen;
  }

  columns(): ProofColumns | undefined {
    return this.#proof;
  }

  line(line: Line, out: Passage): void {
    if (line.isBlank) out.pass(line.start, line.next);
    else if (this.#grammar) this.#row(this.#grammar, line, out);
    else this.#header(line, out);
  }

  /** One line, or none, is no table. */
  end(lines: number): void {
    if (!this.#grammar || lines < 2) throw this.#unreadable('it has no rows', 1);
  }

  #header(line: Line, out: Passage): void {
    const text = line.text();
    const style = text.includes('\t') ? 'tabs' : 'blanks';
    this.#grammar = new TableGrammar(this.#pen.kind, style);
    this.#grammar.line(line);
    this.#columns = this.#grammar.columns.map((name) => this.#columnOf(name));
    this.#proof = proofColumns(this.#columns);
    putLine(this.#names(text, style), line, out);
  }

  /** The names, spaced as they were between blanks. */
  #names(text: string, style: HeaderStyle): string {
    if (style === 'blanks') return text.replaceAll(/[^ \t]+/g, (name) => this.#name(name).padStart(name.length));
    const names = text.split('\t').map((name) => this.#name(name.trim()));
    return names.join('\t');
  }

  #name(name: string): string {
    return name === '' || this.#known(name) ? name : (this.#pen.write('column', name) ?? '');
  }

  /** The column as documented tables have it. */
  #known(name: string): Column | undefined {
    const rule = this.#pen.ruleOf(name);
    if (rule?.do === 'map') return { cells: 'counters', counter: rule.as };
    return rule?.do === 'keep' && rule.as.bounds ? { cells: 'numbers', bounds: rule.as.bounds } : undefined;
  }

  #columnOf(name: string): Column {
    const known = this.#known(name);
    if (known) return known;
    const bounds = this.#pen.boundsOf('cell');
    if (!bounds) throw this.#unreadable('its columns are not known', 1);
    return { cells: 'numbers', bounds };
  }

  #row(grammar: TableGrammar, line: Line, out: Passage): void {
    grammar.line(line);
    const { row } = grammar;
    let passed = line.start;
    for (const [at, column] of this.#columns.entries()) {
      const value = row.number(at);
      if (value === undefined) throw this.#unreadable('a cell is not a number', line.number);
      if (column.cells === 'numbers') {
        if (!isWithin(value, column.bounds)) throw this.#unreadable('a number is too large', line.number);
        continue;
      }
      if (!Number.isSafeInteger(value)) throw this.#unreadable('a counter is not a number', line.number);
      out.pass(passed, row.start(at));
      out.put(String(this.#pen.desk.counters.of(column.counter, value)).padStart(row.end(at) - row.start(at)));
      passed = row.end(at);
    }
    out.pass(passed, line.next);
  }

  #unreadable(message: string, line: number): CartoError {
    return new CartoError('UNREADABLE', message, { kind: this.#pen.kind, line });
  }
}
