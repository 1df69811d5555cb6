import { maxManifestBytes } from '../protocol/batch.ts';
import type { Tier } from '../protocol/ids.ts';

export interface BatchPolicy {
  readonly maxArchives: number;
  /** Room for the archives' entries in the manifest, as JSON. */
  readonly maxEntryBytes: number;
  /** A batch is complete when its last archive is, so large archives travel alone. */
  readonly maxBytes: number;
}

/** Room in the signed manifest for its header (the device certificate is in it), its signature and its own fields. */
const manifestFrameBytes = 8 * 1024;

export const defaultBatchPolicy: BatchPolicy = {
  maxArchives: 64,
  // JWS spells the payload in base64: four characters for three bytes.
  maxEntryBytes: Math.floor(((maxManifestBytes - manifestFrameBytes) * 3) / 4),
  maxBytes: 64 * 1024 * 1024,
};

export interface PendingArchive {
  readonly archiveId: string;
  readonly tier: Tier;
  readonly bytes: number;
  /** Upper bound of its entry in the manifest, as JSON. */
  readonly entryBytes: number;
  /** More than 1: it was sent back, or its name was spoilt. */
  readonly nameTry: number;
}

export interface BatchPlan {
  readonly tier: Tier;
  readonly archiveIds: readonly string[];
}

/**
 * The next batch: what is there now, oldest first, of one tier, review before study; nothing waits for more to come.
 * At least one archive, whatever the limits. One that was sent back travels alone, so that it can only harm itself.
 */
export function planBatch(
  pending: readonly PendingArchive[],
  policy: BatchPolicy = defaultBatchPolicy,
): BatchPlan | undefined {
  const tier = pending.some((archive) => archive.tier === 'review') ? 'review' : 'study';
  const archiveIds: string[] = [];
  let bytes = 0;
  let entryBytes = 0;
  for (const archive of pending.filter((one) => one.tier === tier)) {
    const travelsAlone = archive.nameTry > 1;
    if (archiveIds.length > 0 && travelsAlone) break;
    bytes += archive.bytes;
    entryBytes += archive.entryBytes;
    const fits =
      archiveIds.length < policy.maxArchives && bytes <= policy.maxBytes && entryBytes <= policy.maxEntryBytes;
    if (archiveIds.length > 0 && !fits) break;
    archiveIds.push(archive.archiveId);
    if (travelsAlone) break;
  }
  return archiveIds.length === 0 ? undefined : { tier, archiveIds };
}
