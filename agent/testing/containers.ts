import { execFileSync } from 'node:child_process';
import { renameSync } from 'node:fs';
import { basename, dirname, join } from 'node:path';

interface Lock {
  readonly password: string;
  readonly cipher: 'AES256' | 'ZipCrypto';
}

/** Packs what lies in a folder into a zip file by Debian's 7-Zip, locked or not. Returns its path. */
export function zipOf(folder: string, target: string, lock?: Lock): string {
  const locked = lock ? [`-p${lock.password}`, `-mem=${lock.cipher}`] : [];
  return pack(folder, target, '-tzip', ...locked);
}

/** The same into a 7-Zip archive, whatever `target` is called. */
export function sevenZipOf(folder: string, target: string): string {
  return pack(folder, target, '-t7z');
}

/** Written aside and renamed, so that it appears in an inbox at once. 7-Zip adds no suffix to a name with a dot. */
function pack(folder: string, target: string, ...how: readonly string[]): string {
  const aside = join(dirname(target), `.packing-${basename(target)}.tmp`);
  execFileSync('7zz', ['a', '-mx=1', ...how, aside, '.'], { cwd: folder, stdio: ['ignore', 'ignore', 'pipe'] });
  renameSync(aside, target);
  return target;
}
