import type { Checkpoint } from '../../core/gate-flag.ts';
import { readSessionTable } from '../read/sessions.ts';
import type { SourceFile } from '../source.ts';
import type { Pen } from './pen.ts';

/** What the table itself writes for *no comment*. */
const noText = 'NA';

/** No column is wider: a header of a megabyte must not make every row as long. */
const maxWidth = 80;

/** Blanks at the end of every line of a VisiTag table. */
const tail = ' '.repeat(19);

/**
 * Writes the session table anew from its cells: two of its columns are free text, so nothing of it is passed on.
 * Columns without a rule are left out.
 */
export async function* writeSessions(file: SourceFile, pen: Pen, checkpoint: Checkpoint): AsyncGenerator<Buffer> {
  const { columns, ends, rows } = await readSessionTable(file, checkpoint);
  const width = (at: number) => Math.min((ends[at] ?? 0) - (ends[at - 1] ?? 0), maxWidth);
  const kept = columns.flatMap((name, at) => (pen.ruleOf(name) ? [at] : []));
  if (kept.length < columns.length) pen.desk.warnings.add('dropped-column', pen.kind, columns.length - kept.length);
  const lineOf = (cell: (at: number) => string) =>
    `${kept.map((at) => ` ${cell(at).trim()}`.padStart(width(at))).join('')}${tail}\r\n`;
  if (columns.length === 0) return;
  yield Buffer.from(
    lineOf((at) => columns[at] ?? ''),
    'latin1',
  );
  for (const cells of rows) {
    yield Buffer.from(
      lineOf((at) => pen.writeFound(columns[at] ?? '', cells[at] ?? '') ?? noText),
      'latin1',
    );
  }
}
