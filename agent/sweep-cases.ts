import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { eraseArchive, sweepBuilds } from '../archive/index.ts';
import { eraseFile } from '../core/files.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import type { Log } from '../core/log.ts';
import { type ArchiveFiles, damagedHint, type Ledger } from '../uploader/index.ts';

/** So many rows of the ledger are read at a time. */
const pageRows = 512;

/**
 * Removes what a killed seal left: half-built archives, and finished ones that the ledger never heard of. Their sources
 * are read again. A case whose archive is owed and is not there is held. Only while no archive is being built.
 */
export async function sweepCases(deps: {
  readonly folder: string;
  readonly ledger: Pick<Ledger, 'read' | 'hold'>;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
}): Promise<void> {
  const { folder, ledger, log, checkpoint } = deps;
  const known = await knownArchives(ledger, checkpoint);
  await checkpoint();
  let removed = sweepBuilds(folder).length;
  const present = new Set(readdirSync(folder));
  for (const name of present) {
    if (!/\.(case|keys)$/.test(name) || known.has(name)) continue;
    await checkpoint();
    if (name.endsWith('.case')) eraseArchive(join(folder, name));
    else eraseFile(join(folder, name));
    removed++;
  }
  if (removed > 0) log.info({ removed }, 'leftovers of an interrupted seal removed; their sources are read again');
  for (const caseId of missingCases(known.values(), present)) {
    await checkpoint();
    log.error({ caseId }, 'the archive of a case is gone, case held');
    await ledger.hold(caseId, 'unreadable', damagedHint);
  }
}

/** Every file that the ledger names, with its archive. */
async function knownArchives(
  { read }: Pick<Ledger, 'read'>,
  checkpoint: Checkpoint,
): Promise<ReadonlyMap<string, ArchiveFiles>> {
  const known = new Map<string, ArchiveFiles>();
  for (let page = read.archiveFiles(0, pageRows); page.length > 0; ) {
    for (const archive of page) known.set(archive.file, archive).set(archive.keysFile, archive);
    await checkpoint();
    page = read.archiveFiles(page.at(-1)?.seq ?? 0, pageRows);
  }
  return known;
}

/** Cases on their way of which a file is gone that is still needed: the keys until the manifest is fixed, the archive until it is a blob. */
function missingCases(archives: Iterable<ArchiveFiles>, present: ReadonlySet<string>): ReadonlySet<string> {
  const missing = new Set<string>();
  for (const { caseId, file, keysFile, needs } of archives) {
    const isGone = (needs !== 'nothing' && !present.has(keysFile)) || (needs === 'both' && !present.has(file));
    if (isGone) missing.add(caseId);
  }
  return missing;
}
