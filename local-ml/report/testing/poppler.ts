import { execFileSync } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { temporaryFolder } from '../../../core/testing/folder.ts';

const told = (command: string, ...words: readonly string[]) =>
  execFileSync(command, words, { encoding: 'utf8', stdio: ['ignore', 'pipe', 'pipe'] });

/** A PDF as others read it: Debian's poppler and qpdf. */
export function readPdf(t: TestContext, bytes: Uint8Array) {
  const file = join(temporaryFolder(t), 'report.pdf');
  writeFileSync(file, bytes);
  const info = told('pdfinfo', file);
  const pages = Number(/^Pages:\s+(\d+)$/m.exec(info)?.[1]);
  const textOf = (page: number, ...how: readonly string[]) =>
    told('pdftotext', ...how, '-f', String(page), '-l', String(page), file, '-');
  const eachPage = <T>(read: (page: number) => T) => Array.from({ length: pages }, (_, at) => read(at + 1));
  return {
    info,
    pages,
    /** Throws where the file breaks a rule of the format. */
    check: () => told('qpdf', '--check', file),
    /** One line per font: name, and whether it is embedded. */
    fonts: told('pdffonts', file).trim().split('\n').slice(2),
    /** By page, in the order of reading. */
    texts: eachPage((page) => textOf(page)),
    /** By page, lines as they stand. */
    lines: eachPage((page) => textOf(page, '-layout').split('\n')),
    /** By page, at one pixel per point. */
    images: eachPage((page) => pixelsOf(file, page)),
  };
}

export interface Image {
  readonly width: number;
  readonly height: number;
  /** width x height x 3, red, green, blue. */
  readonly rgb: Uint8Array;
}

function pixelsOf(file: string, page: number): Image {
  const words = ['-r', '72', '-f', String(page), '-l', String(page), file];
  const ppm = execFileSync('pdftoppm', words, { maxBuffer: 1 << 26 });
  const head = /^P6\s(\d+) (\d+)\s255\s/.exec(ppm.subarray(0, 40).toString('latin1'))!;
  return { width: Number(head[1]), height: Number(head[2]), rgb: ppm.subarray(head[0].length) };
}

/** The rectangle, in pixels, outside of which the page is white. */
export function inkOf({ width, rgb }: Image) {
  let [left, top, right, bottom] = [Infinity, Infinity, -1, -1];
  for (let at = 0; at < rgb.length; at += 3) {
    if (rgb[at] === 255 && rgb[at + 1] === 255 && rgb[at + 2] === 255) continue;
    const [x, y] = [(at / 3) % width, Math.floor(at / 3 / width)];
    [left, right] = [Math.min(left, x), Math.max(right, x)];
    [top, bottom] = [Math.min(top, y), Math.max(bottom, y)];
  }
  return { left, top, right, bottom };
}

/** How many pixels are of a colour, give or take. */
export function pixelsLike({ rgb }: Image, color: readonly [number, number, number], off = 12): number {
  let count = 0;
  for (let at = 0; at < rgb.length; at += 3) {
    if (color.every((value, n) => Math.abs(rgb[at + n]! - value) <= off)) count++;
  }
  return count;
}
