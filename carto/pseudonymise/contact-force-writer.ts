import { CartoError } from '../error.ts';
import type { Line } from '../grammar/line.ts';
import { Row } from '../grammar/row.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import { TableWriter } from './table-writer.ts';

/** The first line: the file's own name and the version. */
export const forceHeader = /^(.*)_(\d\.\d)\s*$/;

/** Rewrites the force trace of one point: its own name, a few lines of `key=value`, two means, then a table. */
export class ContactForceWriter implements LineWriter {
  readonly #pen: Pen;
  /** The file's new name. */
  readonly #name: string;
  readonly #table: TableWriter;
  readonly #row = new Row();
  #inTable = false;

  constructor(pen: Pen, name: string) {
    this.#pen = pen;
    this.#name = name;
    this.#table = new TableWriter(pen, 'tabs');
  }

  line(line: Line, out: Passage): void {
    this.#inTable ||= line.text().startsWith('Index\t');
    if (line.number === 1) this.#header(line, out);
    else if (this.#inTable) this.#table.line(line, out);
    else if (line.isBlank || this.#isMeans(line)) out.pass(line.start, line.next);
    else this.#settings(line, out);
  }

  /** The rule of the map's name decides for the whole name: it is the only part that people typed. */
  #header(line: Line, out: Passage): void {
    const [, own, version] = forceHeader.exec(line.text()) ?? [];
    if (own === undefined)
      throw new CartoError('UNREADABLE', 'the first line is not a version', { kind: this.#pen.kind, line: 1 });
    const coded = this.#pen.ruleOf('map')?.do === 'code';
    putLine(`${coded ? this.#name : (this.#pen.write('map', own) ?? '')}_${version}`, line, out);
  }

  #isMeans(line: Line): boolean {
    return this.#row.split(line).areNumbers() && this.#pen.ruleOf('means')?.do === 'keep';
  }

  /** `key=value` or `key:value` between tabs. What has no rule, or is dropped, goes with its key. */
  #settings(line: Line, out: Passage): void {
    const cells = line.text().split('\t');
    const kept = cells.filter((cell) => cell.trim() !== '').flatMap((cell) => this.#setting(cell));
    if (kept.length === 0) return;
    putLine(kept.join('\t') + (cells.length > 1 && cells.at(-1) === '' ? '\t' : ''), line, out);
  }

  #setting(cell: string): string[] {
    const [, key = '', gap = '', sign = '', value = ''] = /^([^=:]*?)( *)([=:])(.*)$/.exec(cell) ?? [];
    if (!this.#pen.ruleOf(key)) this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
    const written = this.#pen.write(key, value.trim());
    return written === undefined ? [] : [`${key}${gap}${sign}${written}`];
  }
}
