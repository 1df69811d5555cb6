import { EcgGrammar, type EcgLine } from '../grammar/ecg.ts';
import type { Line } from '../grammar/line.ts';
import { passBounded } from './bounded-row.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import { type ProofColumns, proofColumns } from './proof/prover.ts';

/** Rewrites an ECG export: header lines from what they were read as, rows as they were proved. */
export class EcgWriter implements LineWriter {
  readonly #pen: Pen<'ecg'>;
  readonly #grammar = new EcgGrammar();
  #columns: ProofColumns | undefined;

  constructor(pen: Pen<'ecg'>) {
    this.#pen = pen;
  }

  line(line: Line, out: Passage): void {
    const what = this.#grammar.line(line);
    if (what === 'row') this.#row(line, out);
    else if (what === 'blank') out.pass(line.start, line.next);
    else {
      const header = this.#header(what, line);
      if (header === undefined) this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
      else putLine(header, line, out);
    }
  }

  columns(): ProofColumns | undefined {
    const { channels } = this.#grammar;
    if (channels.length === 0) return undefined;
    const bounds = this.#pen.boundsOf('samples');
    this.#columns ??= bounds && proofColumns(channels.map(() => ({ cells: 'numbers', bounds })));
    return this.#columns;
  }

  #row(line: Line, out: Passage): void {
    const bounds = this.#pen.boundsOf('samples');
    if (!bounds) return;
    passBounded({ line, row: this.#grammar.row, boundsOf: () => bounds }, this.#pen, out);
  }

  /** A header line, written from what it was read as; undefined for one that is not known. */
  #header(what: Exclude<EcgLine, 'row' | 'blank'>, line: Line): string | undefined {
    const { version, gain } = this.#grammar;
    switch (what) {
      case 'version':
        return `ECG_Export_${version}`;
      case 'gain':
        return `Raw ECG to MV (gain) = ${this.#pen.write('gain', gain) ?? ''}`;
      case 'mapping':
        return this.#mapping();
      case 'channels':
        return this.#channels(line.text().startsWith(' '));
      case 'foreign':
        return undefined;
    }
  }

  end(lines: number): void {
    this.#grammar.end(lines);
  }

  #mapping(): string {
    const { unipolar = '', bipolar = '', reference = '' } = this.#grammar.mapping ?? {};
    const [first, second, third] = [unipolar, bipolar, reference].map((name) => this.#pen.write('channel', name) ?? '');
    return `Unipolar Mapping Channel=${first} Bipolar Mapping Channel=${second} Reference Channel=${third}`;
  }

  /** As wide as it was, except for a name that outgrows its column. */
  #channels(rightAligned: boolean): string {
    return this.#grammar.channels
      .map(({ name, number, width }) => {
        const cell = `${this.#pen.write('channel', name) ?? ''}(${number})`;
        return rightAligned ? ` ${cell}`.padStart(width) : `${cell} `.padEnd(width);
      })
      .join('');
  }
}
