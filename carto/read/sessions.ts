import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { eachLine } from '../grammar/line.ts';
import { parseNumber } from '../grammar/number.ts';
import { headerCells } from '../grammar/table.ts';
import { expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import type { VisiTagSession } from '../study.ts';
import { defined } from './fields.ts';

const kind = 'visitag-sessions';

/** The session table as text cells: two of its columns are free text. */
export interface SessionTable {
  readonly columns: readonly string[];
  /** Where each column's cells end, as the header shows: cells are right-aligned. */
  readonly ends: readonly number[];
  readonly rows: readonly (readonly string[])[];
}

/** Text columns; every other column holds integers. */
const textColumns = new Set(['PresetName', 'Comment']);

/** One line per ablation; it is held in memory. */
const maxBytes = 64 * 2 ** 20;

export async function readSessionTable(file: SourceFile, checkpoint: Checkpoint): Promise<SessionTable> {
  expectAtMost(file, maxBytes, kind);
  let columns: string[] = [];
  let ends: number[] = [];
  const rows: string[][] = [];
  await eachLine(file, checkpoint, kind, (line) => {
    if (line.isBlank) return;
    const text = line.text();
    if (columns.length > 0) {
      rows.push(cellsOf(text, columns, ends, line.number));
      return;
    }
    columns = headerCells(text, 'blanks');
    ends = Array.from(text.matchAll(/\S+/g), ({ index, 0: name }) => index + name.length);
  });
  return { columns, ends, rows };
}

/** Cuts at the columns' ends; where a long cell has shifted the row, falls back to gaps between cells. */
function cellsOf(text: string, columns: readonly string[], ends: readonly number[], line: number): string[] {
  const last = columns.length - 1;
  const cut = columns.map((_, at) => text.slice(ends[at - 1] ?? 0, at === last ? undefined : ends[at]).trim());
  const cells = [cut, cutAtGaps(text, columns)].find((found) => found && fits(found, columns));
  if (!cells) throw new CartoError('UNREADABLE', 'a row does not fit the columns', { kind, line });
  return cells;
}

/** The first cells by white space as far as columns are numbers; then by gaps of two blanks or more. */
function cutAtGaps(text: string, columns: readonly string[]): string[] | undefined {
  const firstText = columns.findIndex((name) => textColumns.has(name));
  const lead = firstText < 0 ? columns.length : firstText;
  const pattern = new RegExp(`^\\s*${'(\\S+)\\s+'.repeat(lead)}(.*?)\\s*$`);
  const found = pattern.exec(`${text} `)?.slice(1);
  if (!found) return undefined;
  const rest = (found.pop() ?? '').split(/\s{2,}/);
  const spare = columns.length - lead;
  return [...found, ...rest.slice(0, spare - 1), rest.slice(spare - 1).join(' ')];
}

function fits(cells: readonly string[], columns: readonly string[]): boolean {
  if (cells.length !== columns.length) return false;
  return columns.every((name, at) => textColumns.has(name) || Number.isInteger(parseNumber(cells[at] ?? '')));
}

export async function readSessions(file: SourceFile, checkpoint: Checkpoint): Promise<VisiTagSession[]> {
  const { columns, rows } = await readSessionTable(file, checkpoint);
  return rows.map((cells) => {
    const text = (name: string) => cells[columns.indexOf(name)];
    const number = (name: string) => parseNumber(text(name) ?? '');
    const comment = text('Comment');
    return {
      id: number('SessionId') ?? Number.NaN,
      startStudyMs: number('StartTs') ?? Number.NaN,
      endStudyMs: number('EndTs') ?? Number.NaN,
      presetName: text('PresetName') ?? '',
      ...defined({ presetId: number('PresetId'), comment: comment === 'NA' ? undefined : comment }),
    };
  });
}
