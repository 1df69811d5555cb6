import { CartoError } from '../error.ts';
import { isWithin } from '../grammar/bounds.ts';
import type { Line } from '../grammar/line.ts';
import { sampleCells } from '../read/paso-template.ts';
import { expectShort, pairIn } from '../read/paso-text.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';
import { isChannel } from './vocabulary.ts';

/** `Year: 2021 Month: 7 Day: 9 14:30:00`, or the same without the words. */
const stampForms = [
  /^Year\s*:\s*(\d{4})\s+Month\s*:\s*(\d{1,2})\s+Day\s*:\s*(\d{1,2})(?:[\s:]+([\d:.]+))?$/,
  /^(\d{4})\s*:\s*(\d{1,2})\s*:\s*(\d{1,2})(?:[\s:]+([\d:.]+))?$/,
];

/** What stands for a time of day, of which no rule keeps anything. */
const noTime = '00:00:00';

const correlation = /^(\d{1,6}) Correlated to (\d{1,6})$/;

/** Rewrites the text files of pace mapping: lines of `key: value`, and the few others that are known. */
export class PaceWriter implements LineWriter {
  readonly #pen: Pen;
  #understood = false;

  constructor(pen: Pen) {
    this.#pen = pen;
  }

  line(line: Line, out: Passage): void {
    expectShort(line.end - line.start, this.#pen.kind, line.number);
    const text = line.text().trim();
    const written = text === '' ? '' : this.#written(text);
    if (written !== undefined) putLine(written, line, out);
    if (text !== '' && written !== undefined) this.#understood = true;
  }

  /** A file of which no line is known is something else. */
  end(): void {
    if (!this.#understood) throw new CartoError('UNREADABLE', 'no line is known', { kind: this.#pen.kind, line: 1 });
  }

  /** Undefined for a line that is left out. */
  #written(text: string): string | undefined {
    if (this.#pen.ruleOf(text)) return this.#pen.writeFound(text, '') === undefined ? undefined : text;
    const stamp = stampForms.map((form) => form.exec(text)).find((found) => found !== null);
    if (stamp && this.#pen.kind === 'paso-template') return this.#stamp(this.#pen.as('paso-template'), stamp.slice(1));
    const [, id, other] = correlation.exec(text) ?? [];
    if (id !== undefined && other !== undefined && this.#pen.kind === 'paso-correlations') {
      return this.#pair(this.#pen.as('paso-correlations'), [id, other]);
    }
    const { key, value } = pairIn(text) ?? { key: '', value: '' };
    const field = isChannel(key) ? 'lead' : key;
    if (!this.#pen.ruleOf(field)) {
      this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
      return undefined;
    }
    const written = this.#pen.writeFound(field, value);
    return written === undefined ? undefined : `${key}: ${written}`;
  }

  #stamp(pen: Pen<'paso-template'>, [year, month, day, time]: readonly (string | undefined)[]): string | undefined {
    const [y, m, d] = pen.write('Year Month Day', `${year}-${month}-${day}`)?.split('-') ?? [];
    if (y === undefined) return undefined;
    const clock = time === undefined ? '' : ` ${pen.write('hh:mm:ss', time) ?? noTime}`;
    return `Year: ${y} Month: ${m} Day: ${d}${clock}`;
  }

  #pair(pen: Pen<'paso-correlations'>, ids: readonly string[]): string | undefined {
    const written = ids.map((id) => pen.write('Correlated to', id));
    return written.every((id) => id !== undefined) ? written.join(' Correlated to ') : undefined;
  }
}

/**
 * Rewrites a template of pace mapping: a head of known lines, `ECG:`, names of channels, and rows of whole numbers, each
 * proved, which go on byte for byte. Throws UNREADABLE for a text without an id, and for a row that is something else.
 */
export class PaceTemplateWriter implements LineWriter {
  readonly #pen: Pen<'paso-template'>;
  readonly #head: PaceWriter;
  #part: 'head' | 'names' | 'rows' = 'head';
  #hasId = false;
  #channels = 0;

  constructor(pen: Pen<'paso-template'>) {
    this.#pen = pen;
    this.#head = new PaceWriter(pen);
  }

  line(line: Line, out: Passage): void {
    expectShort(line.end - line.start, this.#pen.kind, line.number);
    const text = line.text();
    if (line.isBlank) out.pass(line.start, line.next);
    else if (this.#part === 'rows') this.#row(text, line, out);
    else if (this.#part === 'names') this.#names(text, line, out);
    else if (/^ECG\s*:\s*$/.test(text)) {
      this.#part = 'names';
      putLine('ECG:', line, out);
    } else {
      this.#hasId ||= /^\s*ID\s*:/.test(text);
      this.#head.line(line, out);
    }
  }

  end(): void {
    if (!this.#hasId) throw new CartoError('UNREADABLE', 'it has no id', { kind: this.#pen.kind, line: 1 });
  }

  #names(text: string, line: Line, out: Passage): void {
    this.#part = 'rows';
    const code = (name: string) => (this.#pen.write('channel', name) ?? '').padStart(name.length);
    this.#channels = text.trim().split(/\s+/).length;
    // Blanks of other alphabets would pass as blanks.
    putLine(text.replaceAll(/\s/g, ' ').replaceAll(/[^ ]+/g, code), line, out);
  }

  #row(text: string, line: Line, out: Passage): void {
    const bounds = this.#pen.boundsOf('samples');
    const cells = /^[- \t\d]*$/.test(text) ? sampleCells(text, this.#channels) : undefined;
    if (!bounds || !cells?.every((cell) => isWithin(cell, bounds))) {
      throw new CartoError('UNREADABLE', 'a row is not one number per channel', {
        kind: this.#pen.kind,
        line: line.number,
      });
    }
    out.pass(line.start, line.next);
  }
}
