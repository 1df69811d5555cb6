import { createHash } from 'node:crypto';
import type { Stats } from 'node:fs';
import { lstat, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import type { Checkpoint } from '../../core/gate-flag.ts';

/** What one look at an inbox entry found: enough to see whether it still grows, nothing of its content. */
export interface EntryState {
  /** Digest over every path, size and modification time below the entry. */
  readonly signature: string;
  readonly files: number;
  readonly bytes: number;
}

/** An entry larger than the site allows: counted up to the limit, no further. */
export interface EntryTooLarge {
  readonly tooLarge: true;
  readonly files: number;
  readonly bytes: number;
}

export interface EntryLimits {
  readonly maxEntries: number;
  readonly maxBytes: number;
}

/**
 * Looks at an entry: a file's size and time, or names, sizes and times of everything below a folder. Links are counted
 * by name, not followed. The gate is passed before every folder and every file: one answer of a slow share is the most
 * that a closing waits for.
 */
export async function lookAt(
  path: string,
  limits: EntryLimits,
  checkpoint: Checkpoint,
): Promise<EntryState | EntryTooLarge> {
  await checkpoint();
  const entry = await lstat(path);
  return entry.isDirectory() ? lookBelow(path, limits, checkpoint) : lookAtFile(entry, limits);
}

function lookAtFile({ size, mtimeMs }: Stats, { maxBytes }: EntryLimits): EntryState | EntryTooLarge {
  const counted = { files: 1, bytes: size };
  if (size > maxBytes) return { tooLarge: true, ...counted };
  return { signature: createHash('sha256').update(`file\0${size}\0${mtimeMs}`).digest('hex'), ...counted };
}

async function lookBelow(
  path: string,
  limits: EntryLimits,
  checkpoint: Checkpoint,
): Promise<EntryState | EntryTooLarge> {
  const hash = createHash('sha256');
  let files = 0;
  let bytes = 0;
  let seen = 0;
  const pending = [''];
  for (let folder = pending.pop(); folder !== undefined; folder = pending.pop()) {
    await checkpoint();
    const names = (await readdir(join(path, folder))).sort();
    for (const name of names) {
      await checkpoint();
      seen++;
      const relative = folder === '' ? name : `${folder}/${name}`;
      const found = await lstat(join(path, relative));
      if (found.isDirectory()) pending.push(relative);
      else files++;
      if (found.isFile()) bytes += found.size;
      hash.update(`${relative}\0${found.isDirectory() ? 'd' : found.size}\0${found.mtimeMs}\n`);
      if (seen > limits.maxEntries || bytes > limits.maxBytes) return { tooLarge: true, files, bytes };
    }
  }
  return { signature: hash.digest('hex'), files, bytes };
}
