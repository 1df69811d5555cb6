import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { eachLine, type Line } from '../grammar/line.ts';
import { Row } from '../grammar/row.ts';
import { expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import type { ContactForce } from '../study.ts';
import { defined } from './fields.ts';
import { readTable } from './table.ts';

const kind = 'contact-force';
/** A trace of 10 s has some kilobytes. */
const maxBytes = 16 * 2 ** 20;
/** Lines before the table. */
const maxHead = 64;

/**
 * Reads the force trace of one point: a few lines of `key=value`, two means, then a table whose header begins with
 * `Index`. Throws UNREADABLE where there is no table.
 */
export async function readContactForce(file: SourceFile, checkpoint: Checkpoint): Promise<ContactForce> {
  expectAtMost(file, maxBytes, kind);
  const head = new Head();
  await eachLine(file, checkpoint, kind, (line) => head.line(line));
  if (head.tableAt === 0) throw new CartoError('UNREADABLE', 'the table of forces is missing', { kind });
  const required = ['Time', 'Timestamp', 'ForceValue'];
  const trace = await readTable({ file, kind, checkpoint, style: 'tabs', skipLines: head.tableAt - 1, required });
  return { trace, ...defined({ meanG: head.mean, longMeanG: head.longMean }) };
}

/** What stands before the table. */
class Head {
  /** Line of the table's header; 0 until it has come. */
  tableAt = 0;
  mean: number | undefined;
  longMean: number | undefined;
  readonly #row = new Row();
  #before = '';

  line(line: Line): void {
    if (this.tableAt > 0 || line.number > maxHead) return;
    if (this.#before === 'IntervalGraph') this.mean = this.#force(line);
    if (this.#before === 'IntervalNonGraph') this.longMean = this.#force(line);
    const text = line.text();
    this.#before = /^(\w+)=/.exec(text)?.[1] ?? '';
    if (/^Index\s/.test(text)) this.tableAt = line.number;
  }

  /** Time stamp, then the force. */
  #force(line: Line): number | undefined {
    return this.#row.split(line).count > 1 ? this.#row.number(1) : undefined;
  }
}
