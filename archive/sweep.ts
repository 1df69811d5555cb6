import { existsSync, readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eraseFile, partialSuffix, unlinkDurable } from '../core/files.ts';
import { archivePathOf } from './format.ts';

const ours = /^case-[a-z2-7]{20}\.(?:review|study)\.(case|keys)(\..+)?$/;

/**
 * Removes what killed builds left in a folder: half-built files, and keys whose archive never got its name. Returns
 * the names. For start-up, while no build runs. Everything else, finished archives above all, is left alone.
 */
export function sweepBuilds(folder: string): readonly string[] {
  const leftovers = readdirSync(folder).filter((name) => isLeftover(folder, name));
  for (const name of leftovers) remove(join(folder, name));
  return leftovers;
}

function isLeftover(folder: string, name: string): boolean {
  const match = ours.exec(name);
  if (!match) return false;
  if (name.endsWith(partialSuffix)) return true;
  return match[1] === 'keys' && match[2] === undefined && !existsSync(archivePathOf(join(folder, name)));
}

/** Keys are overwritten; a half-built archive is ciphertext whose key went with its process, and may be large. */
function remove(path: string): void {
  if (ours.exec(basename(path))?.[1] === 'keys') eraseFile(path);
  else unlinkDurable(path);
}
