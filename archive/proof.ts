import { stat } from 'node:fs/promises';
import { sha256OfFile } from '../core/digest.ts';
import type { Tier } from '../protocol/ids.ts';
import { ArchiveError, asArchiveFault } from './archive-error.ts';
import { openContainer } from './container.ts';

/** How much a stranger's archive may cost. */
export interface ProofLimits {
  readonly maxBytes: number;
  readonly maxChunks: number;
  /** For everything together: hashing and the page check each read the whole file. */
  readonly deadlineMs: number;
}

/** 16 GiB in five minutes: well above the largest export, and a disk of 110 MB/s still makes it. */
export const defaultProofLimits: ProofLimits = { maxBytes: 16 * 2 ** 30, maxChunks: 65_536, deadlineMs: 300_000 };

/** What the sender promised, in a manifest whose signature was verified. */
export interface ProofOrder {
  readonly sha256: string;
  readonly bytes: number;
  readonly limits?: ProofLimits;
}

/** What is known of an archive without any key. */
export interface ArchiveProof {
  readonly archiveId: string;
  readonly tier: Tier;
  readonly chunks: number;
}

/** The proof itself, in the order of trust: length, digest, then what SQLite says. Blocks its thread: see `proveArchive`. */
export async function prove(path: string, order: Required<ProofOrder>): Promise<ArchiveProof> {
  await checkDigest(path, order);
  const { db, archiveId, tier, chunks } = openContainer(path, order.limits);
  try {
    const verdict = db.prepare('PRAGMA quick_check(1)').pluck().get();
    if (verdict !== 'ok') throw new ArchiveError('DAMAGED', 'its pages contradict each other');
    return { archiveId, tier, chunks };
  } catch (error) {
    throw asArchiveFault(error);
  } finally {
    db.close();
  }
}

async function checkDigest(path: string, { sha256, bytes, limits }: Required<ProofOrder>): Promise<void> {
  if (bytes > limits.maxBytes) {
    throw new ArchiveError('LIMIT_EXCEEDED', `${bytes} bytes are more than the allowed ${limits.maxBytes}`);
  }
  const found = await sizeOf(path);
  if (found !== bytes) throw new ArchiveError('DIGEST_MISMATCH', `expected ${bytes} bytes, found ${found}`);
  if ((await sha256OfFile(path)).sha256 !== sha256) {
    throw new ArchiveError('DIGEST_MISMATCH', 'its SHA-256 is not the promised one', {
      hint: 'The bytes changed on the way or on disk. Have the archive sent again.',
    });
  }
}

async function sizeOf(path: string): Promise<number> {
  try {
    return (await stat(path)).size;
  } catch (error) {
    throw asArchiveFault(error);
  }
}
