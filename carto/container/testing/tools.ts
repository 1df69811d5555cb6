import { execFileSync } from 'node:child_process';
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
