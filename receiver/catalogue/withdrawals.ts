import type { Transaction } from 'kysely';
import type { Sha256 } from '../../core/digest.ts';
import type { DeletionOrder } from '../../protocol/withdrawal.ts';
import { BatchRefused } from '../errors.ts';
import type { CatalogueTables } from './schema.ts';

type Work = Transaction<CatalogueTables>;

/** An order that was taken and whose objects may still be there. */
export interface Erasure {
  readonly deviceId: string;
  readonly order: DeletionOrder;
  /** Everything that it marked: archives of the case, and deltas on them. */
  readonly marked: readonly { readonly archiveId: string; readonly sha256: Sha256; readonly bytes: number }[];
  /** Findings of the case that went with it. */
  readonly findings: number;
}

/**
 * Takes an order: from this transaction on nothing of the case is shown as kept, its keys and its findings are gone, and
 * whatever of it comes later is refused. The objects are erased afterwards. The same order again changes nothing; once it is certified,
 * whoever asks again has lost the certificate, and is told it once more.
 */
export async function takeOrder(work: Work, deviceId: string, order: DeletionOrder, now: Date): Promise<void> {
  const { numInsertedOrUpdatedRows } = await work
    .insertInto('withdrawals')
    .values({ device_id: deviceId, case_id: order.caseId, order_json: JSON.stringify(order), certificate: null })
    .onConflict((conflict) => conflict.columns(['device_id', 'case_id']).doNothing())
    .executeTakeFirst();
  if (numInsertedOrUpdatedRows === 0n) return tellAgain(work, deviceId, order.caseId);
  await eraseFindings(work, deviceId, order.caseId);
  const own = work.selectFrom('archives').select('archive_id').where('device_id', '=', deviceId);
  const ids = (await own.where('case_id', '=', order.caseId).execute()).map(({ archive_id }) => archive_id);
  if (ids.length === 0) return;
  const deltas = work.selectFrom('deltas').select('archive_id').where('device_id', '=', deviceId);
  const onThem = (await deltas.where('base_archive_id', 'in', ids).execute()).map(({ archive_id }) => archive_id);
  await work
    .updateTable('archives')
    .set({ withdrawn_at: now.toISOString(), withdrawn_for: order.caseId, keys: '{}' })
    .where('device_id', '=', deviceId)
    .where('archive_id', 'in', [...ids, ...onThem])
    .where('withdrawn_at', 'is', null)
    .execute();
}

/** They are rows of this database, which zeroes what it deletes. */
async function eraseFindings(work: Work, deviceId: string, caseId: string): Promise<void> {
  const findings = work.deleteFrom('items').where('device_id', '=', deviceId).where('case_id', '=', caseId);
  const { numDeletedRows } = await findings.executeTakeFirst();
  await work
    .updateTable('withdrawals')
    .set({ findings: Number(numDeletedRows) })
    .where('device_id', '=', deviceId)
    .where('case_id', '=', caseId)
    .execute();
}

/** The answer with the certificate, if there is one by now, waits for the device once more. */
async function tellAgain(work: Work, deviceId: string, caseId: string): Promise<void> {
  await work
    .updateTable('answers')
    .set({ delivered_at: null, declined_status: null })
    .where('device_id', '=', deviceId)
    .where('batch', '=', caseId)
    .where('certificate', 'is not', null)
    .execute();
}

/** Refuses a batch that brings archives of a withdrawn case. */
export async function refuseWithdrawn(
  work: Pick<Work, 'selectFrom'>,
  deviceId: string,
  caseIds: readonly string[],
): Promise<void> {
  const [found] = await withdrawnAmong(work, deviceId, caseIds);
  if (found !== undefined) throw new BatchRefused('CASE_WITHDRAWN', `${found} was withdrawn`);
}

/** Those of these cases that their device has had erased. */
export async function withdrawnAmong(
  work: Pick<Work, 'selectFrom'>,
  deviceId: string,
  caseIds: readonly string[],
): Promise<ReadonlySet<string>> {
  if (caseIds.length === 0) return new Set();
  const query = work.selectFrom('withdrawals').select('case_id').where('device_id', '=', deviceId);
  return new Set((await query.where('case_id', 'in', caseIds).execute()).map(({ case_id }) => case_id));
}

/** Orders that are not certified yet, oldest first. */
export async function openErasures(work: Pick<Work, 'selectFrom'>): Promise<readonly Erasure[]> {
  const rows = await work.selectFrom('withdrawals').selectAll().where('certificate', 'is', null).execute();
  const erasures: Erasure[] = [];
  for (const { device_id, case_id, order_json, findings } of rows) {
    const marked = await work
      .selectFrom('archives')
      .select(['archive_id', 'sha256', 'bytes'])
      .where('device_id', '=', device_id)
      .where('withdrawn_for', '=', case_id)
      .orderBy('archive_id')
      .execute();
    erasures.push({
      deviceId: device_id,
      order: JSON.parse(order_json) as DeletionOrder,
      marked: marked.map((row) => ({ archiveId: row.archive_id, sha256: row.sha256 as Sha256, bytes: row.bytes })),
      findings,
    });
  }
  return erasures;
}

/** True while an archive that was not withdrawn has these bytes. */
export async function isObjectNeeded(work: Pick<Work, 'selectFrom'>, sha256: Sha256): Promise<boolean> {
  const query = work.selectFrom('archives').select('archive_id').where('sha256', '=', sha256);
  return (await query.where('withdrawn_at', 'is', null).executeTakeFirst()) !== undefined;
}

/** Keeps the certificate and has the device told. */
export async function certifyErasure(work: Work, { deviceId, order }: Erasure, certificate: string): Promise<void> {
  const { numUpdatedRows } = await work
    .updateTable('withdrawals')
    .set({ certificate })
    .where('device_id', '=', deviceId)
    .where('case_id', '=', order.caseId)
    .where('certificate', 'is', null)
    .executeTakeFirst();
  if (numUpdatedRows === 0n) return;
  await work.insertInto('answers').values({ device_id: deviceId, batch: order.caseId, certificate }).execute();
}
