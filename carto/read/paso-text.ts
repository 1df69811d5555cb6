import type { Checkpoint } from '../../core/gate-flag.ts';
import { decodeText, textStart } from '../decode.ts';
import { CartoError } from '../error.ts';
import { contentOf, expectAtMost } from '../pieces.ts';
import type { SourceFile } from '../source.ts';

/** Files of pace mapping are small: one beat of twelve leads, or a few lines per template. */
const maxBytes = 8 * 2 ** 20;

/** Characters of one line: twelve leads with their values take a few hundred. */
const maxLineLength = 4096;

/** Refuses a line that is too long to be one of pace mapping, before it is taken apart. `line`: its number, from 1. */
export function expectShort(length: number, kind: string, line: number): void {
  if (length > maxLineLength) throw new CartoError('UNREADABLE', 'a line is too long', { kind, line });
}

/** One line of the form `key: value`. */
export interface Pair {
  readonly key: string;
  readonly value: string;
}

/** Undefined for a line of another form. */
export function pairIn(line: string): Pair | undefined {
  const colon = line.indexOf(':');
  const key = line.slice(0, Math.max(0, colon)).trim();
  return key === '' ? undefined : { key, value: line.slice(colon + 1).trim() };
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
