import type { Sha256 } from '../../core/digest.ts';
import type { ManifestArchive } from '../../protocol/batch.ts';
import type { ArchiveRow } from '../catalogue/catalogue.ts';
import type { BlobSource, OpenBlob } from '../channel/channel.ts';
import { BatchRefused } from '../errors.ts';
import type { Objects } from '../objects/objects.ts';
import type { PrivateKey } from '../settings.ts';
import { type ProofTask, proved, standsOn } from './proof.ts';

export interface FetchDeps {
  readonly blobs: BlobSource;
  readonly objects: Objects;
  readonly maxArchiveBytes: number;
  /** Opens a delta and its base, where the device sealed them for this receiver as well. */
  readonly transitKey: PrivateKey;
}

/**
 * Makes the archive of a manifest entry a durable, proved object of this receiver. One that is there already, from a
 * try that was cut short, is proved again instead of fetched; a delta is proved with its base. Returns the number of its
 * chunks.
 */
export async function fetchArchive(
  { archive, base }: { readonly archive: ManifestArchive; readonly base: ArchiveRow | undefined },
  deps: FetchDeps,
  signal: AbortSignal,
): Promise<number> {
  const { blobs, maxArchiveBytes, objects } = deps;
  const proof: ProofTask = { archive, maxBytes: maxArchiveBytes, standsOn: await standsOn(archive, base, deps) };
  const sha256 = archive.sha256 as Sha256;
  if (archive.bytes > maxArchiveBytes) {
    const found = `${archive.archiveId} has ${archive.bytes} bytes, at most ${maxArchiveBytes} are taken`;
    throw new BatchRefused('ARCHIVE_TOO_LARGE', found);
  }
  if (await objects.has(sha256)) {
    const chunks = await provedAgain(await objects.open(sha256), proof);
    if (chunks !== undefined) return chunks;
  }
  let chunks = 0;
  const prove = async (path: string) => {
    chunks = await proved(path, proof);
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
async function provedAgain(path: string, task: ProofTask): Promise<number | undefined> {
  try {
    return await proved(path, task);
  } catch (error) {
    if (error instanceof BatchRefused && error.code === 'DIGEST_MISMATCH') return undefined;
    throw error;
  }
}

/** A blob that is committed does not change, so a wrong length is final; a broken transfer shows later, and is not. */
function checkLength(archive: ManifestArchive, blob: OpenBlob): void {
  if (blob.bytes === archive.bytes) return;
  const found = `${archive.archiveId}: the blob has ${blob.bytes} bytes, ${archive.bytes} were promised`;
  throw new BatchRefused('DIGEST_MISMATCH', found);
}
