import { stat } from 'node:fs/promises';
import { join } from 'node:path';
import { readKeysFile } from '../archive/index.ts';
import { withoutRecipient } from '../core/envelope.ts';
import type { AuditHead } from '../protocol/audit.ts';
import { type Manifest, type ManifestArchive, manifestArchiveSchema, manifestSchema } from '../protocol/batch.ts';
import type { ArchiveRecord, OpenBatch } from './ledger-records.ts';
import { UploadError } from './upload-error.ts';

/** Room for everything in an archive's entry but its keys, as JSON. */
const entryFrameBytes = 700;

/** Upper bound of an archive's entry in the manifest: its keys file, which also wraps the key for the appliance. */
export async function entryBytesOf(folder: string, archive: ArchiveRecord): Promise<number> {
  try {
    return (await stat(join(folder, archive.keysFile))).size + entryFrameBytes;
  } catch (cause) {
    throw keysDamaged(cause);
  }
}

/**
 * What the batch event says of an archive. Its keys are those of the archive's envelope without the recipient at rest.
 * Throws ARCHIVE_DAMAGED when the keys file is gone, or belongs to other bytes.
 */
export function manifestEntry(folder: string, storageKid: string, archive: ArchiveRecord): ManifestArchive {
  const { archiveId, caseId, tier, sha256, bytes, files, base, blob, counts: study } = archive;
  let keys: ReturnType<typeof readKeysFile>;
  try {
    keys = readKeysFile(join(folder, archive.keysFile));
  } catch (cause) {
    throw keysDamaged(cause);
  }
  if (keys.archiveId !== archiveId || keys.sha256 !== sha256 || keys.bytes !== bytes) throw keysDamaged(undefined);
  const travelling = withoutRecipient(keys.keys, storageKid);
  const entry = { archiveId, caseId, tier, sha256, bytes, files, base, blob, keys: travelling, study };
  const { data, success } = manifestArchiveSchema.safeParse(entry);
  if (!success) throw keysDamaged(undefined);
  return data;
}

/** The manifest of a batch whose archives are all committed, with the head of the audit log that is signed with it. */
export function manifestOf(
  batch: OpenBatch,
  device: string,
  { archives, audit }: { readonly archives: readonly ManifestArchive[]; readonly audit: AuditHead },
): Manifest {
  return manifestSchema.parse({
    v: 1,
    batch: batch.batchId,
    device,
    createdAt: batch.createdAt,
    archives: [...archives],
    audit,
  } satisfies Manifest);
}

function keysDamaged(cause: unknown): UploadError {
  return new UploadError('ARCHIVE_DAMAGED', 'the keys of an archive cannot be read, or are for other bytes', {
    hint: 'Copy the export into the inbox again.',
    cause,
  });
}
