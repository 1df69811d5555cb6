import { trailingBlanks } from '../grammar/blanks.ts';
import type { Line } from '../grammar/line.ts';
import { settingOf } from '../read/settings.ts';
import { type LineWriter, putLine } from './line-writer.ts';
import type { Passage } from './passage.ts';
import type { Pen } from './pen.ts';

/** What is written where a value is left out. */
const noText = 'NA';

/** Rewrites `key=` value lines, each part right-aligned as it was. Lines without a rule are left out. */
export class SettingsWriter implements LineWriter {
  readonly #pen: Pen;

  constructor(pen: Pen) {
    this.#pen = pen;
  }

  line(line: Line, out: Passage): void {
    if (line.isBlank) {
      out.pass(line.start, line.next);
      return;
    }
    const text = line.text();
    const { key, value } = settingOf(text) ?? { key: '', value: '' };
    if (!this.#pen.ruleOf(key)) {
      this.#pen.desk.warnings.add('dropped-line', this.#pen.kind);
      return;
    }
    const equals = text.indexOf('=') + 1;
    const end = trailingBlanks(text);
    const written = (this.#pen.writeFound(key, value) ?? noText).padStart(text.length - equals - end.length);
    putLine(`${`${key}=`.padStart(equals)}${written}${end}`, line, out);
  }
}
