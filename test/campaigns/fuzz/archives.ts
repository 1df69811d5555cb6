import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { infoZip, sevenZip, writeTree } from '../../../carto/container/testing/tools.ts';
import type { SeedFile } from './corpus.ts';

/** The password of the encrypted ones. */
export const archivePassword = 'Vorhof 1';

// biome-ignore format: the columns are the documentation
const writers: readonly (readonly [name: string, write: (from: string, to: string) => void])[] = [
  ['deflated.zip',  (from, to) => infoZip(from, '-r', to, '.')],
  ['stored.zip',    (from, to) => infoZip(from, '-0', '-r', to, '.')],
  ['zip64.zip',     (from, to) => infoZip(from, '-fz', '-r', to, '.')],
  ['crypto.zip',    (from, to) => infoZip(from, '-P', archivePassword, '-r', to, '.')],
  ['aes.zip',       (from, to) => sevenZip(from, 'a', '-tzip', '-mem=AES256', `-p${archivePassword}`, to, '.')],
  ['plain.7z',      (from, to) => sevenZip(from, 'a', '-t7z', '-mx1', to, '.')],
];

/** Small archives by other people's writers, of an export as small as can be; and one inside another. */
export function gatherArchives(study: Buffer): Record<'zip' | '7z', SeedFile[]> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-fuzz-archives-'));
  try {
    writeTree(join(folder, 'in'), {
      'Study.xml': study,
      'VisiTagExport/Sites.txt': 'a b\r\n'.repeat(50),
      'empty.txt': '',
    });
    for (const [name, write] of writers) write(join(folder, 'in'), join(folder, name));
    writeTree(join(folder, 'outer'), { 'inner.zip': readFileSync(join(folder, 'stored.zip')) });
    infoZip(join(folder, 'outer'), '-0', '-r', join(folder, 'nested.zip'), '.');
    const made = [...writers.map(([name]) => name), 'nested.zip'].map((path) => ({
      ...{ path, base64: readFileSync(join(folder, path)).toString('base64') },
    }));
    return {
      zip: made.filter(({ path }) => path.endsWith('.zip')),
      '7z': made.filter(({ path }) => path.endsWith('.7z')),
    };
  } finally {
    rmSync(folder, { recursive: true });
  }
}
