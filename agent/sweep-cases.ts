import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eraseArchive, sweepBuilds } from '../archive/index.ts';
import { eraseFile } from '../core/files.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import type { Log } from '../core/log.ts';
import type { Ledger } from '../uploader/index.ts';

/**
 * Removes what a killed seal left: half-built archives, and finished ones that the ledger never heard of. Their sources
 * are read again. Only while no archive is being built.
 */
export async function sweepCases(deps: {
  readonly folder: string;
  readonly ledger: Pick<Ledger, 'read'>;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
}): Promise<void> {
  const { folder, ledger, log, checkpoint } = deps;
  const known = await knownFiles(ledger, checkpoint);
  await checkpoint();
  let removed = sweepBuilds(folder).length;
  for (const name of readdirSync(folder).filter((name) => /\.(case|keys)$/.test(name) && !known.has(name))) {
    await checkpoint();
    if (name.endsWith('.case')) eraseArchive(join(folder, name));
    else eraseFile(join(folder, name));
    removed++;
  }
  if (removed > 0) log.info({ removed }, 'leftovers of an interrupted seal removed; their sources are read again');
}

async function knownFiles(ledger: Pick<Ledger, 'read'>, checkpoint: Checkpoint): Promise<ReadonlySet<string>> {
  const known = new Set<string>();
  for (const { caseId } of ledger.read.cases()) {
    await checkpoint();
    for (const { file, keysFile } of ledger.read.archivesOf(caseId)) known.add(file).add(keysFile);
  }
  return known;
}
