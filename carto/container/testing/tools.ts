import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** Debian's 7-Zip and Info-ZIP: other people's writers of what we read. `cwd`: the folder whose content is packed. */
export function sevenZip(cwd: string, ...args: string[]): void {
  execFileSync('7zz', args, { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}

export function infoZip(cwd: string, ...args: string[]): void {
  execFileSync('zip', ['-q', ...args], { cwd, stdio: ['ignore', 'ignore', 'pipe'] });
}

export type Tree = Readonly<Record<string, string | Uint8Array>>;

export function writeTree(folder: string, tree: Tree): void {
  for (const [path, content] of Object.entries(tree)) {
    mkdirSync(dirname(join(folder, path)), { recursive: true });
    writeFileSync(join(folder, path), content);
  }
}

/** A study with what archives treat differently: nothing, what packs well, what does not pack, a name that is not ASCII. */
export const mixedTree: Tree = {
  'Study 1.xml': '<Study name="Study 1"></Study>',
  'empty.txt': '',
  'VisiTagExport/Sites.txt': 'a b c\r\n'.repeat(200_000),
  'noise.bin': randomBytes(700_000),
  'Müller.mesh': 'µ',
};

export const mixedContents = Object.fromEntries(
  Object.entries(mixedTree).map(([path, content]) => [path, Buffer.from(content as string)]),
);
