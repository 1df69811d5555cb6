import type { Transaction } from 'kysely';
import { sha256 } from '../../core/digest.ts';
import type { Manifest, ManifestArchive } from '../../protocol/batch.ts';
import { type DeletionOrder, deletionOrderSchema } from '../../protocol/withdrawal.ts';
import { BatchRefused } from '../errors.ts';
import { writeAuditHead } from './audit-heads.ts';
import type { SignReceipt, StoredBatch } from './catalogue.ts';
import type { CatalogueTables } from './schema.ts';
import { refuseWithdrawn, takeOrder } from './withdrawals.ts';
import { type NewItems, newItems, writeItems } from './write-items.ts';

type Work = Transaction<CatalogueTables>;

export interface Written {
  /** Something that came, with this batch or before, is not kept: see `Catalogue.forgetErased`. */
  readonly hasErased: boolean;
}

/**
 * Enters a batch: its receipt as the next link of the device's chain, its cases and archives, and the answer that the
 * device waits for. All in the caller's transaction, so that a receipt is never without its entry or the other way.
 */
export async function writeBatch(work: Work, batch: StoredBatch, now: Date, sign: SignReceipt): Promise<Written> {
  const { manifest } = batch;
  await refuseWithdrawn(
    work,
    manifest.device,
    manifest.archives.map(({ caseId }) => caseId),
  );
  const news = await newArchives(work, manifest);
  const items = batch.items && (await newItems(work, manifest.device, batch.items));
  await writeReceipt(work, { manifest, items }, now, sign);
  for (const archive of news) await writeArchive(work, batch, archive, now);
  if (items) await writeItems(work, manifest, items.news, now);
  await writeAuditHead(work, manifest);
  for (const { kind, body } of items?.news ?? []) {
    if (kind === 'withdrawal') await takeOrder(work, manifest.device, parseOrder(body), now);
  }
  await work.insertInto('answers').values({ device_id: manifest.device, batch: manifest.batch }).execute();
  const hasOrder = items?.news.some(({ kind }) => kind === 'withdrawal') ?? false;
  const isTurnedAway = items?.receipt.refused?.some(({ code }) => code === 'CASE_WITHDRAWN') ?? false;
  return { hasErased: hasOrder || isTurnedAway };
}

/** What is not an order was refused before it came here. */
function parseOrder(body: Uint8Array): DeletionOrder {
  return deletionOrderSchema.parse(JSON.parse(Buffer.from(body).toString('utf8')));
}

/** Archives that are not entered yet. One that is, under another batch, must be the same bytes. */
async function newArchives(work: Work, { archives, device }: Manifest): Promise<readonly ManifestArchive[]> {
  if (archives.length === 0) return [];
  const ids = archives.map((archive) => archive.archiveId);
  const query = work.selectFrom('archives').select(['archive_id', 'sha256']).where('device_id', '=', device);
  const known = new Map((await query.where('archive_id', 'in', ids).execute()).map((row) => [row.archive_id, row]));
  for (const archive of archives) {
    const entered = known.get(archive.archiveId);
    if (entered && entered.sha256 !== archive.sha256) {
      throw new BatchRefused('ARCHIVE_ID_REUSED', `${archive.archiveId} is stored already, with other bytes`);
    }
  }
  return archives.filter((archive) => !known.has(archive.archiveId));
}

async function writeReceipt(
  work: Work,
  { manifest, items }: { readonly manifest: Manifest; readonly items: NewItems | undefined },
  now: Date,
  sign: SignReceipt,
): Promise<void> {
  const { batch, device, archives } = manifest;
  const head = await work.selectFrom('devices').selectAll().where('device_id', '=', device).executeTakeFirstOrThrow();
  const storedAt = now.toISOString();
  const jws = await sign({
    batch,
    device,
    archives: archives.map(({ archiveId, sha256, bytes }) => ({ archiveId, sha256, bytes })),
    ...(items ? { items: items.receipt } : {}),
    bytes: archives.reduce((sum, archive) => sum + archive.bytes, 0),
    previous: head.head_sha256,
    storedAt,
  });
  const place = head.receipts + 1;
  await work.insertInto('receipts').values({ device_id: device, place, batch, jws, stored_at: storedAt }).execute();
  await work
    .updateTable('devices')
    .set({ receipts: place, head_sha256: sha256(jws) })
    .where('device_id', '=', device)
    .execute();
}

async function writeArchive(work: Work, batch: StoredBatch, archive: ManifestArchive, now: Date): Promise<void> {
  const device_id = batch.manifest.device;
  const { maps, points, lesions } = archive.study;
  await work
    .insertInto('cases')
    .values({ device_id, case_id: archive.caseId, maps, points, lesions })
    .onConflict((conflict) => conflict.columns(['device_id', 'case_id']).doUpdateSet({ maps, points, lesions }))
    .execute();
  await work
    .insertInto('archives')
    .values({
      device_id,
      archive_id: archive.archiveId,
      case_id: archive.caseId,
      batch: batch.manifest.batch,
      tier: archive.tier,
      sha256: archive.sha256,
      bytes: archive.bytes,
      files: archive.files,
      chunks: batch.chunks.get(archive.archiveId) ?? 0,
      keys: JSON.stringify(archive.keys),
      received_at: now.toISOString(),
    })
    .execute();
  if (archive.base === undefined) return;
  const delta = { device_id, archive_id: archive.archiveId, base_archive_id: archive.base };
  await work.insertInto('deltas').values(delta).execute();
}
