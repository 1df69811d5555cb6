import { stat, truncate } from 'node:fs/promises';
import { codeOf } from '../core/errors.ts';
import { eraseFile, unlinkDurable } from '../core/files.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import { keysPathOf } from './format.ts';

/** So much of a file is given back at a time: freeing the blocks of gigabytes in one call takes long. */
const stepBytes = 256 * 1024 * 1024;

/**
 * Erases an archive for good: first its keys (overwritten, fsynced, removed), which alone makes it unreadable, then
 * the file. May be repeated after a kill; what is already gone is fine.
 */
export function eraseArchive(path: string): void {
  eraseFile(keysPathOf(path));
  unlinkDurable(path);
}

/** The same for archives of any size, in steps that each pass `checkpoint`. */
export async function eraseArchiveInSteps(path: string, checkpoint: Checkpoint): Promise<void> {
  await checkpoint();
  eraseFile(keysPathOf(path));
  for (let left = await sizeOf(path); left > stepBytes; left -= stepBytes) {
    await checkpoint();
    await truncate(path, left - stepBytes);
  }
  await checkpoint();
  unlinkDurable(path);
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return 0;
    throw error;
  }
}
