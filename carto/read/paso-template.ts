import type { Checkpoint } from '../../core/gate-flag.ts';
import { CartoError } from '../error.ts';
import { parseNumber } from '../grammar/number.ts';
import { Numbers } from '../numbers.ts';
import type { SourceFile } from '../source.ts';
import type { PaceTemplate } from '../study.ts';
import { defined, present } from './fields.ts';
import { integersIn, linesOf, pairsIn } from './paso-text.ts';

const kind = 'paso-template';
const maxChannels = 64;
/** Cells of the table of samples are this wide and right-aligned: five digits leave no blank between them. */
const cellWidth = 5;

/**
 * Reads a template of pace mapping: `key: value` lines, `ECG:`, channel names, rows of integers. Undefined for a text
 * without `ID:`, which is something else. Throws UNREADABLE for a row of another width than the channels'.
 */
export async function readPaceTemplate(file: SourceFile, checkpoint: Checkpoint): Promise<PaceTemplate | undefined> {
  const lines = await linesOf(file, checkpoint, kind);
  const ecgAt = lines.findIndex((line) => /^ECG\s*:/.test(line));
  const head = ecgAt < 0 ? lines : lines.slice(0, ecgAt);
  const fields = pairsIn(head);
  if (!fields.has('ID')) return undefined;
  const number = (key: string) => present(parseNumber(/^\S+/.exec(fields.get(key) ?? '')?.[0] ?? ''));
  const clock = parseNumber(fields.get('Timestamp') ?? '');
  return {
    ...defined({
      id: parseNumber(fields.get('ID') ?? ''),
      name: fields.get('Name'),
      recordedAt: head.find((line) => /^Year\s*:/.test(line))?.trim(),
      isReference: referenceIn(head),
      cycleLengthMs: number('Cycle Length'),
      startStudyMs: clock,
    }),
    fields,
    channels: ecgAt < 0 ? [] : channelsIn(lines, ecgAt + 1),
  };
}

function referenceIn(lines: readonly string[]): boolean | undefined {
  if (lines.some((line) => /^Non-reference IS\b/.test(line))) return false;
  return lines.some((line) => /^Reference IS\b/.test(line)) ? true : undefined;
}

function channelsIn(lines: readonly string[], from: number): PaceTemplate['channels'] {
  let names: string[] = [];
  let counts: Numbers<Int32Array<ArrayBuffer>>[] = [];
  for (let at = from; at < lines.length; at++) {
    const line = lines[at] ?? '';
    if (line.trim() === '') continue;
    if (names.length === 0) {
      names = line.trim().split(/\s+/).slice(0, maxChannels);
      counts = names.map(() => new Numbers<Int32Array<ArrayBuffer>>(Int32Array));
      continue;
    }
    const cells = sampleCells(line, names.length);
    if (!cells) throw new CartoError('UNREADABLE', 'a row is not one number per channel', { kind, line: at + 1 });
    for (const [channel, value] of cells.entries()) counts[channel]?.push(value);
  }
  return names.map((name, at) => ({ name, counts: counts[at]?.take() ?? new Int32Array() }));
}

/** The cells of one row, a whole number for each channel; undefined when it is anything else. */
export function sampleCells(line: string, width: number): number[] | undefined {
  const cells = integersIn(line);
  if (cells?.length === width) return cells;
  const wide = Array.from({ length: width }, (_, at) => line.slice(at * cellWidth, (at + 1) * cellWidth));
  const numbers = wide.map((cell) => integersIn(cell)?.[0]);
  const isWhole = line.trimEnd().length <= width * cellWidth && numbers.every((value) => value !== undefined);
  return isWhole ? (numbers as number[]) : undefined;
}
