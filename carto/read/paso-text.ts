import type { Checkpoint } from '../../core/gate-flag.ts';
import { decodeText, textStart } from '../decode.ts';
import { CartoError } from '../error.ts';
import { contentOf, expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';
import { type Pair, pairAround } from './fields.ts';

/** Files of pace mapping are small: one beat of twelve leads, or a few lines per template. */
const maxBytes = 8 * 2 ** 20;

/** Characters of one line: twelve leads with their values take a few hundred. */
const maxLineLength = 4096;

/** Refuses a line that is too long to be one of pace mapping, before it is taken apart. `line`: its number, from 1. */
export function expectShort(length: number, kind: string, line: number): void {
  if (length > maxLineLength) throw new CartoError('UNREADABLE', 'a line is too long', { kind, line });
}

/** One line of the form `key: value`. Undefined for a line of another form. */
export function pairIn(line: string): Pair | undefined {
  return pairAround(':', line);
}

/** Every line of the form `key: value`; where a key comes again, the last one. */
export function pairsIn(lines: readonly string[]): Map<string, string> {
  const pairs = lines.map(pairIn).filter((pair) => pair !== undefined);
  return new Map(pairs.map(({ key, value }) => [key, value]));
}

/** The lines of a small file, without their ends. Throws UNREADABLE for one that is too long. */
export async function linesOf(file: SourceFile, checkpoint: Checkpoint, kind: string): Promise<string[]> {
  expectAtMost(file, maxBytes, kind);
  const lines = decodeText(textStart(await contentOf(file, checkpoint), kind)).split(/\r?\n/);
  for (const [at, line] of lines.entries()) expectShort(line.length, kind, at + 1);
  return lines;
}

/** Whole numbers between blanks; undefined when there is anything else. */
export function integersIn(text: string): number[] | undefined {
  const cells = text.trim().split(/\s+/);
  if (!cells.every((cell) => /^-?\d{1,9}$/.test(cell))) return undefined;
  return cells.map(Number);
}
