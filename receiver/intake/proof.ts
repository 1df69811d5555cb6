import {
  ArchiveError,
  type ArchiveErrorCode,
  type ArchiveProof,
  proveArchive,
  type StandsOn,
} from '../../archive/index.ts';
import type { ManifestArchive } from '../../protocol/batch.ts';
import type { ArchiveRow } from '../catalogue/catalogue.ts';
import { type BatchRefusalCode, BatchRefused } from '../errors.ts';
import type { Objects } from '../objects/objects.ts';
import type { PrivateKey } from '../settings.ts';

/** What is to be proved of an archive, and how to look into it. */
export interface ProofTask {
  readonly archive: ManifestArchive;
  readonly maxBytes: number;
  readonly standsOn: StandsOn | undefined;
}

/** Proves a stored archive to be the promised one, a delta with its base. Returns the number of its chunks. Throws BatchRefused. */
export async function proved(path: string, task: ProofTask): Promise<number> {
  const { archiveId, base, tier } = task.archive;
  const proof = await outsideProof(path, task);
  if (proof.archiveId !== archiveId || proof.tier !== tier || proof.isDelta !== (base !== undefined)) {
    throw new BatchRefused('ARCHIVE_REFUSED', `${archiveId}: the blob is another archive than the manifest says`);
  }
  return proof.chunks;
}

async function outsideProof(path: string, { archive, maxBytes, standsOn }: ProofTask): Promise<ArchiveProof> {
  const { sha256, bytes } = archive;
  const limits = { ...proofLimits, maxBytes };
  try {
    return await proveArchive(path, { sha256, bytes, limits, ...(standsOn ? { standsOn } : {}) });
  } catch (cause) {
    if (!(cause instanceof ArchiveError) || cause.code === 'FILE_MISSING') throw cause;
    const code = refusals[cause.code] ?? 'ARCHIVE_REFUSED';
    throw new BatchRefused(code, `the archive is refused: ${cause.message} (${cause.code})`, { cause });
  }
}

/** What a proof found, where that is not simply that the archive is unsound. */
const refusals: Readonly<Partial<Record<ArchiveErrorCode, BatchRefusalCode>>> = {
  DIGEST_MISMATCH: 'DIGEST_MISMATCH',
  BASE_DIFFERS: 'BASE_MISSING',
};

/** How to look into a delta and at its base. Throws BASE_MISSING when the store has lost the base's bytes. */
export async function standsOn(
  { archiveId, keys }: ManifestArchive,
  base: ArchiveRow | undefined,
  { objects, transitKey }: { readonly objects: Pick<Objects, 'has' | 'open'>; readonly transitKey: PrivateKey },
): Promise<StandsOn | undefined> {
  if (!base) return undefined;
  if (!(await objects.has(base.sha256))) {
    throw new BatchRefused('BASE_MISSING', `${archiveId} stands on an archive whose bytes are not here any more`);
  }
  const { kid, ...privateKey } = transitKey;
  const path = await objects.open(base.sha256);
  return { key: { kid, privateKey }, envelope: keys, base: { path, envelope: base.keys } };
}

/** An hour: a slow disk must not make a sound archive a refused one. */
const proofLimits = { maxChunks: 65_536, deadlineMs: 3_600_000 };
