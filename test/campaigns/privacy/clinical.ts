import type { FileKind } from '../../../carto/files.ts';

/** Kinds whose bodies hold nothing but measurements and clocks, which all stay. */
export const clinicalKinds: ReadonlySet<FileKind> = new Set([
  ...(['mesh', 'shell', 'ecg', 'electrode-positions', 'sensor-positions', 'rf', 'contact-force-in-rf'] as const),
]);

/** The lines of numbers of a file, each number as it is written. */
export function numberLines(content: Buffer): string[] {
  const lines = content.toString('latin1').split(/\r?\n/);
  return lines
    .filter((line) => /^[-\d\s.,eE+=]+$/.test(line) && /\d/.test(line))
    .map((line) => line.trim().replaceAll(/\s+/g, ' '));
}

/** How many numbers of `expected` stand in `written`, line by line in whatever order, and how many there are. */
export function compareNumbers(
  expected: readonly string[],
  written: readonly string[],
): { readonly equal: number; readonly all: number } {
  const left = new Map<string, number>();
  for (const line of written) left.set(line, (left.get(line) ?? 0) + 1);
  let [equal, all] = [0, 0];
  for (const line of expected) {
    const count = line.split(' ').length;
    all += count;
    const have = left.get(line) ?? 0;
    if (have === 0) continue;
    equal += count;
    left.set(line, have - 1);
  }
  return { equal, all };
}
