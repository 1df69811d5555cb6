import {
  closeSync,
  fsyncSync,
  openSync,
  readdirSync,
  renameSync,
  rmSync,
  statSync,
  unlinkSync,
  writeSync,
} from 'node:fs';
import { mkdir } from 'node:fs/promises';
import { dirname, isAbsolute, join, relative, resolve } from 'node:path';

/** Suffix of a file that is being written; anything with it found at start is a leftover of a killed write. */
export const partialSuffix = '.partial';

/**
 * Writes a file that survives a power cut: temporary file in the same folder, fsync, rename, fsync of the folder.
 * When it returns, either the new content is on disk under `path` or an error was thrown and the old one still is.
 */
export function writeFileDurable(path: string, content: string | Uint8Array, mode = 0o600): void {
  const temporary = `${path}.${process.pid}${partialSuffix}`;
  try {
    writeAndSync(temporary, typeof content === 'string' ? Buffer.from(content) : content, mode);
  } catch (error) {
    rmSync(temporary, { force: true });
    throw error;
  }
  renameSync(temporary, path);
  syncFolder(dirname(path));
}

function writeAndSync(path: string, bytes: Uint8Array, mode: number): void {
  const handle = openSync(path, 'w', mode);
  try {
    for (let written = 0; written < bytes.length; ) written += writeSync(handle, bytes, written);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Moves a finished, already fsynced file into place and makes the move durable. */
export function renameDurable(from: string, to: string): void {
  renameSync(from, to);
  syncFolder(dirname(to));
  if (dirname(from) !== dirname(to)) syncFolder(dirname(from));
}

/** Removes a file for good; a file that is already gone is fine. */
export function unlinkDurable(path: string): void {
  try {
    unlinkSync(path);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code !== 'ENOENT') throw error;
  }
  syncFolder(dirname(path));
}

/** Overwrites, fsyncs, then removes: for key files, so that erasing the key erases what it opens. */
export function eraseFile(path: string): void {
  let handle: number;
  try {
    handle = openSync(path, 'r+');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return;
    throw error;
  }
  try {
    writeSync(handle, Buffer.alloc(statSync(path).size), 0);
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
  unlinkDurable(path);
}

/** fsync of a folder: makes names created, renamed or removed in it survive a power cut. */
export function syncFolder(folder: string): void {
  const handle = openSync(folder, 'r');
  try {
    fsyncSync(handle);
  } finally {
    closeSync(handle);
  }
}

/** Creates a private folder (mode 0700) and makes its name durable. */
export async function makeFolder(folder: string): Promise<string> {
  await mkdir(folder, { recursive: true, mode: 0o700 });
  syncFolder(dirname(resolve(folder)));
  return folder;
}

/** Removes what a killed `writeFileDurable` or build left in a folder. Returns how many there were. */
export function sweepPartials(folder: string): number {
  const leftovers = readdirSync(folder).filter((name) => name.includes(partialSuffix));
  for (const name of leftovers) unlinkSync(join(folder, name));
  if (leftovers.length > 0) syncFolder(folder);
  return leftovers.length;
}

/** Names of the finished files in a folder that end with `suffix`, a write under way not among them; none where it is absent. */
export function finishedFiles(folder: string, suffix: string): readonly string[] {
  try {
    return readdirSync(folder).filter((name) => name.endsWith(suffix) && !name.includes(partialSuffix));
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}

/** Bytes of a file; 0 where there is none. */
export function fileSize(path: string): number {
  try {
    return statSync(path).size;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return 0;
    throw error;
  }
}

/** True when `path`, resolved, lies inside `folder`: the guard before anything is written under a name from outside. */
export function isInside(folder: string, path: string): boolean {
  const way = relative(resolve(folder), resolve(folder, path));
  return way !== '' && way !== '..' && !way.startsWith('../') && !isAbsolute(path);
}
