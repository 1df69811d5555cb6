import { EcgGrammar } from '../grammar/ecg.ts';
import type { Line } from '../grammar/line.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';

/** Rewrites an ECG export: header lines from what they were read as, rows as they were proved. */
export class EcgWriter implements LineWriter {
  readonly #pen: Pen;
  readonly #grammar = new EcgGrammar();

  constructor(pen: Pen) {
    this.#pen = pen;
  }

  line(line: Line, out: Passage): void {
    const grammar = this.#grammar;
    switch (grammar.line(line)) {
      case 'version':
        return putLine(`ECG_Export_${grammar.version}`, line, out);
      case 'gain':
        return putLine(`Raw ECG to MV (gain) = ${this.#pen.write('gain', grammar.gain) ?? ''}`, line, out);
      case 'mapping':
        return putLine(this.#mapping(), line, out);
      case 'channels':
        return putLine(this.#channels(line.text().startsWith(' ')), line, out);
      case 'foreign':
        return this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
      case 'row':
      case 'blank':
        return out.pass(line.start, line.next);
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
        return rightAligned ? cell.padStart(width) : cell.padEnd(width);
      })
      .join('');
  }
}
