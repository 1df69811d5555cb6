import { CartoError } from '../error.ts';
import { trailingBlanks } from '../grammar/blanks.ts';
import type { Line } from '../grammar/line.ts';
import { Row } from '../grammar/row.ts';
import { passBounded } from './bounded-row.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import type { ProofColumns } from './proof/prover.ts';
import { TableWriter } from './table-writer.ts';

/** The first line: the file's own name and the version. */
export const forceHeader = /^(.*)_(\d\.\d)\s*$/;

/** What the line of means begins with: a time stamp. Behind it come at most this many numbers. */
const meansClock = 'Timestamp';
const maxMeans = 8;

/** Rewrites the force trace of one point: its own name, a few lines of `key=value`, two means, then a table. */
export class ContactForceWriter implements LineWriter {
  readonly #pen: Pen<'contact-force'>;
  /** The file's new name. */
  readonly #name: string;
  readonly #table: TableWriter;
  readonly #row = new Row();
  #inTable = false;
  /** The line before was that of an interval: the next one holds its means. */
  #meansNext = false;

  constructor(pen: Pen<'contact-force'>, name: string) {
    this.#pen = pen;
    this.#name = name;
    this.#table = new TableWriter(pen, 'tabs');
  }

  columns(): ProofColumns | undefined {
    return this.#inTable ? this.#table.columns() : undefined;
  }

  line(line: Line, out: Passage): void {
    this.#inTable ||= line.text().startsWith('Index\t');
    if (line.number === 1) this.#header(line, out);
    else if (this.#inTable) this.#table.line(line, out);
    else if (line.isBlank) out.pass(line.start, line.next);
    else if (this.#meansNext && this.#means(line, out)) this.#meansNext = false;
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

  /** False when the line is none of means. */
  #means(line: Line, out: Passage): boolean {
    const row = this.#row.split(line);
    const [clock, means] = [this.#pen.boundsOf(meansClock), this.#pen.boundsOf('means')];
    if (!row.areNumbers() || row.count > 1 + maxMeans || !clock || !means) return false;
    passBounded({ line, row, boundsOf: (cell) => (cell === 0 ? clock : means) }, this.#pen, out);
    return true;
  }

  /** `key=value` or `key:value` between tabs; as a field, `key=`. What has no rule, or is dropped, goes with its key. */
  #settings(line: Line, out: Passage): void {
    const cells = line.text().split('\t');
    this.#meansNext = /^Interval(?:Non)?Graph\s*=/.test(cells[0] ?? '');
    const kept = cells.filter((cell) => cell.trim() !== '').flatMap((cell) => this.#setting(cell));
    if (kept.length === 0) return;
    putLine(kept.join('\t') + (cells.length > 1 && cells.at(-1) === '' ? '\t' : ''), line, out);
  }

  #setting(cell: string): string[] {
    const sign = cell.search(/[=:]/);
    const [lead, value] = [cell.slice(0, Math.max(0, sign)), cell.slice(sign + 1)];
    const field = `${lead.slice(0, lead.length - trailingBlanks(lead).length)}=`;
    if (sign < 0 || !this.#pen.ruleOf(field)) {
      this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
      return [];
    }
    const written = this.#pen.writeFound(field, value.trim());
    return written === undefined ? [] : [`${lead}${cell[sign]}${written}`];
  }
}
