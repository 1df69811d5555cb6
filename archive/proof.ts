import { stat } from 'node:fs/promises';
import { sha256OfFile } from '../core/digest.ts';
import type { Envelope, RecipientKey } from '../core/envelope.ts';
import { codeOf } from '../core/errors.ts';
import type { Tier } from '../protocol/ids.ts';
import { ArchiveError, asArchiveFault } from './archive-error.ts';
import { openContainer } from './container.ts';
import { type ArchiveReader, openArchive } from './reader.ts';
import { wholeOf } from './whole.ts';

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
  /** Of a delta: how to look inside, and at the base that was promised. */
  readonly standsOn?: StandsOn;
}

/** A delta and its base, seen by one of their recipients. */
export interface StandsOn {
  readonly key: RecipientKey;
  /** Keys of the delta. */
  readonly envelope: Envelope;
  /** An archive that was proved before. */
  readonly base: { readonly path: string; readonly envelope: Envelope };
}

/** What is known of an archive without any key. */
export interface ArchiveProof {
  readonly archiveId: string;
  readonly tier: Tier;
  readonly chunks: number;
  readonly isDelta: boolean;
  /** It was opened together with its base, and the two are the whole study. False when it is sealed for others. */
  readonly isWhole: boolean;
}

export type LimitedOrder = ProofOrder & { readonly limits: ProofLimits };

/** The proof itself, in the order of trust: length, digest, then what SQLite says. Blocks its thread: see `proveArchive`. */
export async function prove(path: string, order: LimitedOrder): Promise<ArchiveProof> {
  await checkDigest(path, order);
  const outside = proveOutside(path, order);
  const isWhole = !outside.isDelta || (order.standsOn !== undefined && (await isWholeWith(path, order.standsOn)));
  return { ...outside, isWhole };
}

function proveOutside(path: string, { limits }: LimitedOrder): Omit<ArchiveProof, 'isWhole'> {
  const { db, archiveId, tier, chunks, isDelta } = openContainer(path, limits);
  try {
    const verdict = db.prepare('PRAGMA quick_check(1)').pluck().get();
    if (verdict !== 'ok') throw new ArchiveError('DAMAGED', 'its pages contradict each other');
    return { archiveId, tier, chunks, isDelta };
  } catch (error) {
    throw asArchiveFault(error);
  } finally {
    db.close();
  }
}

/** Opens both: what the delta leaves out, its base has. False when this key opens one of them not. */
async function isWholeWith(path: string, { key, envelope, base }: StandsOn): Promise<boolean> {
  try {
    using delta = await openArchive(path, key, envelope);
    using whole = await openBase(key, base);
    wholeOf(delta, whole);
    return true;
  } catch (error) {
    if (codeOf(error) === 'NOT_A_RECIPIENT') return false;
    throw error;
  }
}

/** Whatever is wrong with the base is not the delta's fault. */
async function openBase(key: RecipientKey, { path, envelope }: StandsOn['base']): Promise<ArchiveReader> {
  try {
    return await openArchive(path, key, envelope);
  } catch (cause) {
    if (!(cause instanceof ArchiveError) || cause.code === 'NOT_A_RECIPIENT') throw cause;
    throw new ArchiveError('BASE_DIFFERS', `the base cannot be read (${cause.code})`, { cause });
  }
}

async function checkDigest(path: string, { sha256, bytes, limits }: LimitedOrder): Promise<void> {
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
