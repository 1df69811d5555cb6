import { ArchiveError, type ArchiveProof, proveArchive } from '../../archive/index.ts';
import type { Sha256 } from '../../core/digest.ts';
import type { ManifestArchive } from '../../protocol/batch.ts';
import type { BlobSource, OpenBlob } from '../channel/channel.ts';
import { BatchRefused } from '../errors.ts';
import type { Objects } from '../objects/objects.ts';

export interface FetchDeps {
  readonly blobs: BlobSource;
  readonly objects: Objects;
  readonly maxArchiveBytes: number;
}

/**
 * Makes the archive of a manifest entry a durable, proved object of this receiver. One that is there already, from a
 * try that was cut short, is proved again instead of fetched. Returns the number of its chunks.
 */
export async function fetchArchive(archive: ManifestArchive, deps: FetchDeps, signal: AbortSignal): Promise<number> {
  const { blobs, maxArchiveBytes, objects } = deps;
  const sha256 = archive.sha256 as Sha256;
  if (archive.bytes > maxArchiveBytes) {
    const found = `${archive.archiveId} has ${archive.bytes} bytes, at most ${maxArchiveBytes} are taken`;
    throw new BatchRefused('ARCHIVE_TOO_LARGE', found);
  }
  if (await objects.has(sha256)) {
    const chunks = await provedAgain(archive, await objects.open(sha256), maxArchiveBytes);
    if (chunks !== undefined) return chunks;
  }
  let chunks = 0;
  const prove = async (path: string) => {
    chunks = await proved(archive, path, maxArchiveBytes);
  };
  const blob = await blobs.open(archive.blob, signal);
  try {
    checkLength(archive, blob);
    await objects.put({ sha256, bytes: archive.bytes, prove }, blob.content);
  } finally {
    blob.close();
  }
  return chunks;
}

/** Undefined when the object has rotted since: it is then fetched once more, over the bad one. */
async function provedAgain(archive: ManifestArchive, path: string, maxBytes: number): Promise<number | undefined> {
  try {
    return await proved(archive, path, maxBytes);
  } catch (error) {
    if (error instanceof BatchRefused && error.code === 'DIGEST_MISMATCH') return undefined;
    throw error;
  }
}

async function proved(archive: ManifestArchive, path: string, maxBytes: number): Promise<number> {
  const { archiveId, bytes, sha256, tier } = archive;
  const proof = await outsideProof(path, { sha256, bytes, maxBytes });
  if (proof.archiveId !== archiveId || proof.tier !== tier) {
    throw new BatchRefused('ARCHIVE_REFUSED', `${archiveId}: the blob is another archive than the manifest says`);
  }
  return proof.chunks;
}

interface ProofTask {
  readonly sha256: string;
  readonly bytes: number;
  readonly maxBytes: number;
}

async function outsideProof(path: string, { sha256, bytes, maxBytes }: ProofTask): Promise<ArchiveProof> {
  try {
    return await proveArchive(path, { sha256, bytes, limits: { ...proofLimits, maxBytes } });
  } catch (cause) {
    if (!(cause instanceof ArchiveError) || cause.code === 'FILE_MISSING') throw cause;
    const code = cause.code === 'DIGEST_MISMATCH' ? 'DIGEST_MISMATCH' : 'ARCHIVE_REFUSED';
    throw new BatchRefused(code, `the archive is refused: ${cause.message} (${cause.code})`, { cause });
  }
}

/** An hour: a slow disk must not make a sound archive a refused one. */
const proofLimits = { maxChunks: 65_536, deadlineMs: 3_600_000 };

/** A blob that is committed does not change, so a wrong length is final; a broken transfer shows later, and is not. */
function checkLength(archive: ManifestArchive, blob: OpenBlob): void {
  if (blob.bytes === archive.bytes) return;
  const found = `${archive.archiveId}: the blob has ${blob.bytes} bytes, ${archive.bytes} were promised`;
  throw new BatchRefused('DIGEST_MISMATCH', found);
}
