import type { Transaction } from 'kysely';
import { sha256 } from '../../core/digest.ts';
import type { Manifest } from '../../protocol/batch.ts';
import { maxRefusedItems, type ReceiptItems } from '../../protocol/receipt.ts';
import { BatchRefused } from '../errors.ts';
import type { CheckedItem, CheckedItems } from './catalogue.ts';
import type { CatalogueTables } from './schema.ts';

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
 * receipts; another body under a known id refuses that item.
 */
export async function newItems(work: Work, device: string, items: CheckedItems): Promise<NewItems> {
  const known = new Map<string, string>();
  for (const ids of portions(items.accepted.map(({ id }) => id))) {
    const query = work.selectFrom('items').select(['item_id', 'sha256']).where('device_id', '=', device);
    for (const row of await query.where('item_id', 'in', ids).execute()) known.set(row.item_id, row.sha256);
  }
  const reused = items.accepted.filter(({ id, body }) => (known.get(id) ?? sha256(body)) !== sha256(body));
  const refused = [...items.refused, ...reused.map(({ id }) => ({ id, code: 'ITEM_ID_REUSED' }))];
  if (refused.length > maxRefusedItems) {
    throw new BatchRefused('ITEMS_REFUSED', `${refused.length} of ${items.count} items are refused`);
  }
  const { count, sha256: digest } = items;
  return {
    news: items.accepted.filter(({ id }) => !known.has(id)),
    receipt: { count, sha256: digest, ...(refused.length > 0 ? { refused } : {}) },
  };
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
    const rows = portion.map(({ id, kind, at, body }) => {
      return { ...common, item_id: id, kind, at, sha256: sha256(body), body };
    });
    await work.insertInto('items').values(rows).execute();
  }
}

function portions<T>(list: readonly T[]): T[][] {
  const count = Math.ceil(list.length / rowsAtOnce);
  return Array.from({ length: count }, (_, n) => list.slice(n * rowsAtOnce, (n + 1) * rowsAtOnce));
}
