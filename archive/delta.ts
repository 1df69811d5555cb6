import { createHash } from 'node:crypto';
import type { PseudonymisedFile, PseudonymisedStudy } from '../carto/index.ts';
import type { Sha256 } from '../core/digest.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import type { Tier } from '../protocol/ids.ts';
import type { UnchangedEntry } from './contents.ts';

/** What is remembered of a whole archive that a delta may stand on. */
export interface BaseArchive {
  readonly archiveId: string;
  /** Whether it has a file of that name. */
  has(name: string): boolean;
  /** Whether its file of that name has just this content. */
  holds(name: string, sha256: Sha256): boolean;
}

/** What a delta leaves out, and who has it. */
export interface DeltaPlan {
  readonly base: string;
  readonly unchanged: readonly UnchangedEntry[];
}

/**
 * Finds out which files of a tier are in the base already, byte for byte. Undefined when the base has less than half
 * of what could be in it (by bytes): then a whole archive, the next base, serves better.
 *
 * Files are produced once to be hashed and nothing of them is kept, so memory does not grow with them; those that
 * turn out changed are produced a second time when the archive is built. In a re-export that is a small part, while
 * keeping the bytes until the hash is known would cost memory, or disk, for everything. A file whose name the base does
 * not have is new, and not hashed here.
 */
export async function planDelta(
  study: PseudonymisedStudy,
  tier: Tier,
  base: BaseArchive,
  checkpoint: Checkpoint,
): Promise<DeltaPlan | undefined> {
  const unchanged: UnchangedEntry[] = [];
  let unchangedBytes = 0;
  let changedBytes = 0;
  for (const file of study.files) {
    if (!file.tiers.includes(tier) || !base.has(file.name)) continue;
    const { sha256, bytes } = await digestOf(file, checkpoint);
    if (base.holds(file.name, sha256)) {
      unchanged.push({ name: file.name, kind: file.kind, bytes, sha256 });
      unchangedBytes += bytes;
    } else changedBytes += bytes;
  }
  if (unchangedBytes === 0 || unchangedBytes < changedBytes) return undefined;
  return { base: base.archiveId, unchanged };
}

async function digestOf(file: PseudonymisedFile, checkpoint: Checkpoint): Promise<{ sha256: Sha256; bytes: number }> {
  const hash = createHash('sha256');
  let bytes = 0;
  await checkpoint();
  for await (const piece of file.open({ transient: true })) {
    hash.update(piece);
    bytes += piece.length;
    await checkpoint();
  }
  return { sha256: hash.digest('hex') as Sha256, bytes };
}
