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

/** Columns that hold integers; any other may hold text. */
const numberColumns = new Set(['SessionId', 'StartTs', 'EndTs', 'PresetId']);

/** One line per ablation; it is held in memory. */
const maxBytes = 8 * 2 ** 20;
const maxColumns = 64;

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
    if (columns.length > maxColumns) {
      throw new CartoError('UNREADABLE', `the header has ${columns.length} columns`, { kind, line: line.number });
    }
    ends = Array.from(text.matchAll(/\S+/g), ({ index, 0: name }) => index + name.length);
  });
  return { columns, ends, rows };
}

/** Cuts at the columns' ends; where a long cell has shifted the row, at gaps between cells. */
function cellsOf(text: string, columns: readonly string[], ends: readonly number[], line: number): string[] {
  for (const cut of [cutAtEnds, cutBehindNumbers, cutAtGaps]) {
    const cells = cut(text, columns, ends);
    if (cells && fits(cells, columns)) return cells;
  }
  throw new CartoError('UNREADABLE', 'a row does not fit the columns', { kind, line });
}

/**
 * Undefined when a number would begin or end within a word, or not end where its column does: a piece of a long name is
 * no number.
 */
function cutAtEnds(text: string, columns: readonly string[], ends: readonly number[]): string[] | undefined {
  const last = columns.length - 1;
  const isInPlace = (name: string, at: number) => {
    const [start, end] = [ends[at - 1] ?? 0, ends[at] ?? 0];
    const isCut = [start, end].some((edge) => /^\S\S$/.test(text.slice(Math.max(0, edge - 1), edge + 1)));
    return !numberColumns.has(name) || (!isCut && /^\S$/.test(text.slice(end - 1, end)));
  };
  if (!columns.every(isInPlace)) return undefined;
  return columns.map((_, at) => text.slice(ends[at - 1] ?? 0, at === last ? undefined : ends[at]).trim());
}

/** At the columns' ends as far as columns are numbers, which no cell has shifted; then at gaps. */
function cutBehindNumbers(text: string, columns: readonly string[], ends: readonly number[]): string[] | undefined {
  const lead = leadingNumbers(columns);
  if (ends.slice(0, lead).some((end) => /^\d\d$/.test(text.slice(end - 1, end + 1)))) return undefined;
  const numbers = Array.from({ length: lead }, (_, at) => text.slice(ends[at - 1] ?? 0, ends[at]).trim());
  return [...numbers, ...textsOf(text.slice(ends[lead - 1] ?? 0), columns.length - lead)];
}

/** Wherever there are blanks, as far as columns are numbers; then at gaps. */
function cutAtGaps(text: string, columns: readonly string[]): string[] {
  const lead = leadingNumbers(columns);
  const pattern = new RegExp(`^${'(\\S+)\\s+'.repeat(lead)}(.*)$`);
  const [, ...found] = pattern.exec(`${text.trim()} `) ?? [];
  return [...found.slice(0, lead), ...textsOf(found[lead] ?? '', columns.length - lead)];
}

function leadingNumbers(columns: readonly string[]): number {
  const firstText = columns.findIndex((name) => !numberColumns.has(name));
  return firstText < 0 ? columns.length : firstText;
}

/** Texts with two blanks or more between them; the last one takes what is left. */
function textsOf(text: string, count: number): string[] {
  const texts = text.trim().split(/\s{2,}/);
  return count < 1 ? [] : [...texts.slice(0, count - 1), texts.slice(count - 1).join(' ')];
}

function fits(cells: readonly string[], columns: readonly string[]): boolean {
  if (cells.length !== columns.length) return false;
  return columns.every((name, at) => !numberColumns.has(name) || Number.isInteger(parseNumber(cells[at] ?? '')));
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
