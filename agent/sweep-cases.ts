import { readdirSync } from 'node:fs';
import { basename, join } from 'node:path';
import { eraseArchive, sweepBuilds } from '../archive/index.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import type { Log } from '../core/log.ts';
import { type ArchiveFiles, damagedHint, type Ledger, type LedgerReader, quarantineFiles } from '../uploader/index.ts';

/** So many rows of the ledger are read at a time. */
const pageRows = 512;

/**
 * Removes what a killed seal left: half-built archives, and keys and archives that lack each other. A finished archive
 * that the ledger does not name stays while its case is not sealed: the next seal replaces it. When the ledger does not
 * even know the case it has forgotten something, so the archive is put aside. A case whose archive is owed and is not
 * there is held. Only while no archive is being built.
 */
export async function sweepCases(deps: {
  readonly folder: string;
  readonly quarantine: string;
  readonly ledger: Pick<Ledger, 'read' | 'hold'>;
  readonly log: Log;
  readonly checkpoint: Checkpoint;
}): Promise<void> {
  const { folder, quarantine, ledger, log, checkpoint } = deps;
  const known = await knownArchives(ledger, checkpoint);
  await checkpoint();
  let removed = sweepBuilds(folder).length;
  const present = new Set(readdirSync(folder));
  for (const name of present) {
    if (!isFinished(name) || known.has(name)) continue;
    await checkpoint();
    const pair = pairOf(name);
    const use = useOf(pair, present, ledger.read);
    if (use === 'remove') {
      eraseArchive(join(folder, pair.file));
      removed++;
    }
    if (use === 'put-aside') {
      const note = { code: 'CASE_UNKNOWN', what: 'an archive of a case that the ledger does not know', ...pair };
      const files = [pair.file, pair.keysFile].map((one) => join(folder, one));
      const to = quarantineFiles(quarantine, files, note, new Date());
      if (to) log.error({ caseId: pair.caseId, quarantine: basename(to) }, 'archive unknown to the ledger put aside');
    }
  }
  if (removed > 0) log.info({ removed }, 'leftovers of an interrupted seal removed; their sources are read again');
  for (const { caseId, file, keysFile } of incomplete(known.values(), present)) {
    await checkpoint();
    log.error({ caseId }, 'a file of an archive is gone, case held');
    await ledger.hold(caseId, 'unreadable', damagedHint);
    const note = { code: 'ARCHIVE_DAMAGED', what: 'the archive or its keys are gone', caseId };
    quarantineFiles(quarantine, [join(folder, file), join(folder, keysFile)], note, new Date());
  }
}

interface Pair {
  readonly caseId: string;
  readonly file: string;
  readonly keysFile: string;
}

const isFinished = (name: string) => /^case-[a-z2-7]{20}\.[a-z]+\.(case|keys)$/.test(name);

function pairOf(name: string): Pair {
  const base = name.slice(0, name.lastIndexOf('.'));
  return { caseId: base.slice(0, base.indexOf('.')), file: `${base}.case`, keysFile: `${base}.keys` };
}

/** What is to be done with an archive that the ledger does not name; of a withdrawn case nothing stays. */
function useOf({ caseId, file, keysFile }: Pair, present: ReadonlySet<string>, read: LedgerReader) {
  if (!present.has(file) || !present.has(keysFile)) return 'remove';
  const known = read.caseRecord(caseId);
  if (!known) return 'put-aside';
  return known.isSealed || known.stage === 'withdrawn' ? 'remove' : 'keep';
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

/** Archives on their way of which a file is gone that is still needed: the keys until the manifest is fixed, the archive until it is a blob. */
function incomplete(archives: Iterable<ArchiveFiles>, present: ReadonlySet<string>): ReadonlySet<ArchiveFiles> {
  const found = new Set<ArchiveFiles>();
  for (const archive of archives) {
    const { file, keysFile, needs } = archive;
    const isGone = (needs !== 'nothing' && !present.has(keysFile)) || (needs === 'both' && !present.has(file));
    if (isGone) found.add(archive);
  }
  return found;
}
