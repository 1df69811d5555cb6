import type { Checkpoint } from '../../core/gate-flag.ts';
import { decodeText } from '../decode.ts';
import { numberIn } from '../grammar/number.ts';
import { contentOf, expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import type { ContactForce } from '../study.ts';
import { defined } from './fields.ts';
import { readTable } from './table.ts';

const kind = 'contact-force';
/** A trace of 10 s has some kilobytes. */
const maxBytes = 16 * 2 ** 20;

/** Reads the force trace of one point: a few lines of `key=value`, two means, then a table. */
export async function readContactForce(file: SourceFile, checkpoint: Checkpoint): Promise<ContactForce> {
  expectAtMost(file, maxBytes, kind);
  const lines = decodeText(await contentOf(file, checkpoint)).split('\n');
  const trace = await readTable({
    file,
    kind,
    checkpoint,
    style: 'tabs',
    skipLines: Math.max(
      0,
      lines.findIndex((line) => line.startsWith('Index\t')),
    ),
    required: ['Time', 'Timestamp', 'ForceValue'],
  });
  return {
    trace,
    ...defined({ meanG: meanAfter(lines, 'IntervalGraph='), longMeanG: meanAfter(lines, 'IntervalNonGraph=') }),
  };
}

/** The second number of the line after the one that begins so. */
function meanAfter(lines: readonly string[], key: string): number | undefined {
  const at = lines.findIndex((line) => line.startsWith(key));
  const cell = at < 0 ? undefined : lines[at + 1]?.split('\t')[1];
  return cell === undefined ? undefined : numberIn(Buffer.from(cell), 0, cell.length);
}
