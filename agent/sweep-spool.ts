import { readdirSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import type { Checkpoint } from '../core/gate-flag.ts';

/**
 * Empties the spool folder. Its files are encrypted under keys that died with the process, and have no name where the
 * file system allows it; this is for the others. Only while nothing is spooled.
 */
export async function sweepSpool(folder: string, checkpoint: Checkpoint): Promise<void> {
  await checkpoint();
  for (const name of readdirSync(folder)) {
    await checkpoint();
    rmSync(join(folder, name), { recursive: true, force: true });
  }
}
