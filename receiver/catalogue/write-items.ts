import type { Transaction } from 'kysely';
import { sha256 } from '../../core/digest.ts';
import type { Manifest } from '../../protocol/batch.ts';
import { maxRefusedItems, type ReceiptItems } from '../../protocol/receipt.ts';
import { BatchRefused } from '../errors.ts';
import type { CheckedItem, CheckedItems } from './catalogue.ts';
import type { CatalogueTables } from './schema.ts';
import { withdrawnAmong } from './withdrawals.ts';

type Work = Transaction<CatalogueTables>;

/** What of a batch's items is new here, and what its receipt says of all of them. */
export interface NewItems {
  readonly news: readonly CheckedItem[];
  readonly receipt: ReceiptItems;
}

/** So many rows in one statement: SQLite binds at most 32,766 values. */
const rowsAtOnce = 500;

/**
 * Items that are not stored yet. The same item again, under another batch, is stored once and has its place in both
 * receipts; another body under a known id refuses that item, and findings of a case that was withdrawn are refused.
 */
export async function newItems(work: Work, device: string, items: CheckedItems): Promise<NewItems> {
  const known = new Map<string, string>();
  for (const ids of portions(items.accepted.map(({ id }) => id))) {
    const query = work.selectFrom('items').select(['item_id', 'sha256']).where('device_id', '=', device);
    for (const row of await query.where('item_id', 'in', ids).execute()) known.set(row.item_id, row.sha256);
  }
  const reused = items.accepted.filter(({ id, body }) => (known.get(id) ?? sha256(body)) !== sha256(body));
  const erased = await ofWithdrawnCases(work, device, items.accepted);
  const refused = [
    ...items.refused,
    ...reused.map(({ id }) => ({ id, code: 'ITEM_ID_REUSED' })),
    ...[...erased].map((id) => ({ id, code: 'CASE_WITHDRAWN' })),
  ];
  if (refused.length > maxRefusedItems) {
    throw new BatchRefused('ITEMS_REFUSED', `${refused.length} of ${items.count} items are refused`);
  }
  const { count, sha256: digest } = items;
  return {
    news: items.accepted.filter(({ id }) => !known.has(id) && !erased.has(id)),
    receipt: { count, sha256: digest, ...(refused.length > 0 ? { refused } : {}) },
  };
}

/** Ids of findings whose case was withdrawn. What was stored of it is erased, so none of them is a known one. */
async function ofWithdrawnCases(
  work: Work,
  device: string,
  items: readonly CheckedItem[],
): Promise<ReadonlySet<string>> {
  const cases = [...new Set(items.flatMap(({ caseId }) => caseId ?? []))];
  const withdrawn = await withdrawnAmong(work, device, cases);
  return new Set(items.flatMap(({ id, caseId }) => (caseId !== undefined && withdrawn.has(caseId) ? [id] : [])));
}

/** Enters items. Their receipt must be entered before. */
export async function writeItems(
  work: Work,
  manifest: Manifest,
  news: readonly CheckedItem[],
  now: Date,
): Promise<void> {
  const common = { device_id: manifest.device, batch: manifest.batch, received_at: now.toISOString() };
  for (const portion of portions(news)) {
    const rows = portion.map(({ id, kind, at, body, caseId }) => {
      return { ...common, item_id: id, kind, at, sha256: sha256(body), body, case_id: caseId ?? null };
    });
    await work.insertInto('items').values(rows).execute();
  }
}

function portions<T>(list: readonly T[]): T[][] {
  const count = Math.ceil(list.length / rowsAtOnce);
  return Array.from({ length: count }, (_, n) => list.slice(n * rowsAtOnce, (n + 1) * rowsAtOnce));
}
