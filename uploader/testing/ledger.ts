import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import type { TestContext } from 'node:test';
import { sha256 } from '../../core/digest.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { newId, type Tier } from '../../protocol/ids.ts';
import type { DetectedEntry, SealedArchiveRow } from '../case-commands.ts';
import { Ledger } from '../ledger.ts';

/** A ledger in a folder of its own, closed when the test ends. */
export async function openTestLedger(test: TestContext): Promise<{ ledger: Ledger; path: string; folder: string }> {
  const folder = temporaryFolder(test);
  const path = join(folder, 'ledger.db');
  const ledger = await Ledger.open({ path, log: silentLog });
  test.after(() => ledger.close());
  return { ledger, path, folder };
}

let entries = 0;

export function someEntry(change: Partial<DetectedEntry> = {}): DetectedEntry {
  entries += 1;
  return {
    entryKey: `entry-${entries}`,
    signature: `signature-${entries}`,
    sourceSealed: randomBytes(40),
    files: 3,
    sourceBytes: 1000,
    ...change,
  };
}

export function someArchive(tier: Tier = 'review'): SealedArchiveRow {
  const archiveId = newId('arc');
  return {
    archiveId,
    tier,
    file: `${archiveId}.case`,
    keysFile: `${archiveId}.keys`,
    sha256: sha256(archiveId),
    bytes: 1000,
    files: 7,
  };
}

export const someCounts = { maps: 4, points: 2, lesions: 22 };

/** A case that was taken as far as `sealed`. */
export async function sealedCase(
  ledger: Ledger,
  archives: readonly SealedArchiveRow[] = [someArchive()],
): Promise<{ caseId: string; archives: readonly SealedArchiveRow[] }> {
  const { caseId } = await ledger.detect(someEntry());
  await ledger.settle(caseId, 'fingerprint', someCounts);
  await ledger.seal(caseId, someCounts, archives);
  return { caseId, archives };
}

/** A batch of cases with one archive each, whose manifest is fixed and whose receipt is awaited. */
export async function announcedBatch(
  ledger: Ledger,
  archives: readonly SealedArchiveRow[],
): Promise<{ batchId: string; caseIds: readonly string[] }> {
  const caseIds: string[] = [];
  for (const archive of archives) caseIds.push((await sealedCase(ledger, [archive])).caseId);
  const batchId = await uploadedBatch(ledger, archives);
  return { batchId, caseIds };
}

/** Takes sealed archives of one tier as far as an announced batch. */
export async function uploadedBatch(ledger: Ledger, archives: readonly SealedArchiveRow[]): Promise<string> {
  const tier = archives[0]?.tier ?? 'review';
  const archiveIds = archives.map(({ archiveId }) => archiveId);
  const batchId = await ledger.batch(tier, archiveIds);
  for (const archiveId of archiveIds) {
    const sealed = randomBytes(8);
    const correlationId = `ticket-${archiveId}`;
    await ledger.startUpload({ archiveId, correlationId, sealed, expiresAt: '2040-01-01T00:00:00Z' });
    await ledger.markUploaded({ archiveId, blob: `device/${archiveId}.case` });
    await ledger.closeTicket({ correlationId });
  }
  await ledger.completeBatch({ batchId, manifest: '{}' });
  return batchId;
}
