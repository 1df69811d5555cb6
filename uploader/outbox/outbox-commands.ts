import type { ItemKind, Urgency } from '../../protocol/outbox.ts';
import { deliverSegments } from '../audit/segment-commands.ts';
import { caseRow } from '../case-commands.ts';
import { mustChange, oneRow, type Statements } from '../statements.ts';
import { type ItemsRefusalPlan, planAfterItemsRefusal } from './items-refusal-plan.ts';
import type { ItemPlace } from './plan-items.ts';
import { dropEmptySegments, type NewSegment, storeItems } from './store-items.ts';
import { eraseWithdrawnFindings, noteFindingsSent } from './withdrawn-findings.ts';

/** Steps of items. Each runs inside the writer's transaction. */
export const outboxCommands = {
  /** Stores items, queued. Returns the number of their segment. */
  enqueue(sql: Statements, segment: NewSegment): number {
    return storeItems(sql, segment);
  },

  /**
   * Stores findings of a case, queued, in a segment of their own, so that they can be erased by themselves. Undefined:
   * the case was withdrawn meanwhile, and nothing was stored.
   */
  enqueueFindings(
    sql: Statements,
    { caseId, ...segment }: NewSegment & { readonly caseId: string },
  ): number | undefined {
    return caseRow(sql, caseId).stage === 'withdrawn' ? undefined : storeItems(sql, segment);
  },

  /** Puts queued items into a new batch. Those that are not queued any more stay out of it; false: none was left. */
  batchItems(
    sql: Statements,
    batch: {
      readonly batchId: string;
      readonly urgency: Urgency;
      readonly at: string;
      readonly items: readonly ItemPlace[];
    },
  ): boolean {
    const seq = openItemBatch(sql, { ...batch, tries: 0 });
    const join = sql(
      'UPDATE outbox_items SET batch = ? WHERE segment = ? AND n = ? AND batch IS NULL AND parked IS NULL',
    );
    let joined = 0;
    for (const { segment, n } of batch.items) joined += join.run(seq, segment, n).changes;
    if (joined === 0) dissolve(sql, seq);
    return joined > 0;
  },

  /** The blob of a batch is sealed, under this key and no other: the same bytes can be made again. */
  sealItems(
    sql: Statements,
    sealed: {
      readonly batchId: string;
      readonly sealedKey: Uint8Array;
      readonly envelope: string;
      readonly sha256: string;
      readonly bytes: number;
    },
  ): void {
    const changed = sql(
      `UPDATE item_batches SET sealed_key = @sealedKey, envelope = @envelope, blob_sha256 = @sha256, blob_bytes = @bytes
       WHERE batch_id = @batchId AND blob IS NULL
       AND EXISTS (SELECT 1 FROM batches WHERE batch_id = @batchId AND state = 'uploading')`,
    ).run(sealed);
    mustChange(changed, 'batch of items to seal');
  },

  /** The blob of a batch is sealed anew, under another key and name: what there is cannot be made again. */
  unsealItems(sql: Statements, { batchId }: { readonly batchId: string }): void {
    sql("UPDATE item_tickets SET state = 'abandoned' WHERE batch_id = ? AND state = 'open'").run(batchId);
    const changed = sql(
      `UPDATE item_batches SET name_try = name_try + 1, sealed_key = NULL, envelope = NULL, blob_sha256 = NULL,
         blob_bytes = NULL WHERE batch_id = ? AND blob IS NULL`,
    ).run(batchId);
    mustChange(changed, 'batch of items to seal anew');
  },

  /** The sealed blob is committed. */
  markItemsUploaded(sql: Statements, { batchId, blob }: { readonly batchId: string; readonly blob: string }): void {
    sql("UPDATE item_tickets SET state = 'committed' WHERE batch_id = ? AND state = 'open'").run(batchId);
    mustChange(sql('UPDATE item_batches SET blob = ? WHERE batch_id = ?').run(blob, batchId), 'batch of items');
  },

  /** The manifest of a batch of items is fixed (without those that are inline): from now on its receipt is asked for. */
  completeItems(
    sql: Statements,
    complete: { readonly batchId: string; readonly manifest: string; readonly itemsSha256: string },
  ): void {
    const { batchId, manifest, itemsSha256 } = complete;
    const completed = sql(
      `UPDATE batches SET state = 'uploaded', manifest = ? WHERE batch_id = ? AND state = 'uploading' AND tier = 'items'
       AND EXISTS (SELECT 1 FROM outbox_items WHERE batch = batches.seq)`,
    ).run(manifest, batchId);
    mustChange(completed, 'batch of items to complete');
    noteFindingsSent(sql, batchId);
    sql('UPDATE item_batches SET items_sha256 = ? WHERE batch_id = ?').run(itemsSha256, batchId);
  },

  /** Puts items aside for a person, with the reason; they leave a batch that is not complete. */
  parkItems(sql: Statements, { items, why }: { readonly items: readonly ItemPlace[]; readonly why: string }): void {
    const batches = new Set<number>();
    for (const { segment, n } of items) {
      const { batch } = oneRow<{ batch: number | null }>(
        sql('SELECT batch FROM outbox_items WHERE segment = ? AND n = ?').get(segment, n),
        'item',
      );
      if (batch !== null) batches.add(batch);
      const parked = sql(
        `UPDATE outbox_items SET parked = ?, batch = NULL WHERE segment = ? AND n = ? AND (batch IS NULL
         OR EXISTS (SELECT 1 FROM batches WHERE seq = batch AND state = 'uploading'))`,
      ).run(why, segment, n);
      mustChange(parked, 'item to park');
    }
    for (const seq of batches) if (!sql('SELECT 1 FROM outbox_items WHERE batch = ?').get(seq)) dissolve(sql, seq);
  },

  /** A person wants a parked item sent after all. Throws ILLEGAL_MOVE when it is not parked. */
  retryItem(sql: Statements, { segment, n }: ItemPlace): void {
    const queued = sql('UPDATE outbox_items SET parked = NULL WHERE segment = ? AND n = ? AND parked IS NOT NULL').run(
      segment,
      n,
    );
    mustChange(queued, 'item to send again');
  },

  /** A person gives a parked item up. Throws ILLEGAL_MOVE when it is not parked. */
  dropItem(sql: Statements, { segment, n }: ItemPlace): void {
    const row = sql('SELECT kind, bytes FROM outbox_items WHERE segment = ? AND n = ? AND parked IS NOT NULL');
    const found = row.get(segment, n) as { kind: ItemKind; bytes: number } | undefined;
    mustChange({ changes: found ? 1 : 0 }, 'item to drop');
    if (!found) return;
    sql('DELETE FROM outbox_items WHERE segment = ? AND n = ?').run(segment, n);
    dropEmptySegments(sql, [segment]);
    sql('UPDATE outbox_counts SET dropped = dropped + 1, dropped_bytes = dropped_bytes + ? WHERE kind = ?').run(
      found.bytes,
      found.kind,
    );
  },
} as const;

/** Ids of the batches into which a refused one may be divided. */
export type Parts = readonly [string, string];

/**
 * The receiver refuses a batch of items for good. They are sent again under a new name, or in two halves until the one
 * at fault is alone, and then that one is parked.
 */
export function refuseItems(
  sql: Statements,
  refused: { readonly seq: number; readonly batchId: string; readonly code: string; readonly at: string },
  parts: Parts,
): ItemsRefusalPlan {
  const { seq, batchId, code, at } = refused;
  eraseWithdrawnFindings(sql);
  const items = sql('SELECT segment, n FROM outbox_items WHERE batch = ? ORDER BY segment, n').all(seq) as ItemPlace[];
  const { tries, urgency } = oneRow<{ tries: number; urgency: Urgency }>(
    sql('SELECT tries, urgency FROM item_batches WHERE batch_id = ?').get(batchId),
    'batch of items',
  );
  const plan = planAfterItemsRefusal(code, { items: items.length, tries });
  const move = sql('UPDATE outbox_items SET batch = ?, parked = ? WHERE segment = ? AND n = ?');
  if (plan === 'park') {
    for (const { segment, n } of items) move.run(null, `refused: ${code}`, segment, n);
    return plan;
  }
  const half = plan === 'again' ? items.length : Math.ceil(items.length / 2);
  for (const [part, own] of [items.slice(0, half), items.slice(half)].entries()) {
    if (own.length === 0) continue;
    const batch = { batchId: parts[part === 0 ? 0 : 1], urgency, at, tries: tries + 1 };
    const next = openItemBatch(sql, batch);
    for (const { segment, n } of own) move.run(next, null, segment, n);
  }
  return plan;
}

/** The receipt of a batch was verified: its items are delivered and go, but for those that the receiver refused. */
export function deliverItems(
  sql: Statements,
  seq: number,
  refused: readonly (ItemPlace & { readonly code: string })[],
): void {
  const park = sql('UPDATE outbox_items SET batch = NULL, parked = ? WHERE segment = ? AND n = ?');
  for (const { segment, n, code } of refused) park.run(`refused: ${code}`, segment, n);
  if (refused.length > 0) eraseWithdrawnFindings(sql);
  const sums = sql(
    'SELECT kind, count(*) AS items, sum(bytes) AS bytes FROM outbox_items WHERE batch = ? GROUP BY kind',
  ).all(seq) as { kind: ItemKind; items: number; bytes: number }[];
  for (const { kind, items, bytes } of sums) {
    sql('UPDATE outbox_counts SET delivered = delivered + ?, delivered_bytes = delivered_bytes + ? WHERE kind = ?').run(
      items,
      bytes,
      kind,
    );
  }
  deliverSegments(sql, seq);
  const segments = sql('SELECT DISTINCT segment FROM outbox_items WHERE batch = ?').all(seq) as ItemPlace[];
  sql('DELETE FROM outbox_items WHERE batch = ?').run(seq);
  dropEmptySegments(
    sql,
    segments.map(({ segment }) => segment),
  );
}

/** So many batches of items that have their receipt are remembered, in case the receiver repeats one. */
const rememberedBatches = 1000;

/** Forgets an old batch of items, and its receipt, which is not the end of the chain: else every hour leaves some. */
export function forgetOldItemBatches(sql: Statements): void {
  const old = sql(
    `SELECT batch_id FROM batches WHERE tier = 'items' AND state IN ('receipted', 'refused', 'dissolved')
     AND NOT EXISTS (SELECT 1 FROM item_tickets WHERE item_tickets.batch_id = batches.batch_id)
     AND batch_id <> (SELECT batch_id FROM receipts ORDER BY seq DESC LIMIT 1)
     AND seq <= (SELECT max(seq) FROM batches) - ? ORDER BY seq LIMIT 4`,
  ).all(rememberedBatches) as { batch_id: string }[];
  for (const { batch_id } of old) {
    for (const table of ['receipts', 'item_batches', 'batches']) {
      sql(`DELETE FROM ${table} WHERE batch_id = ?`).run(batch_id);
    }
  }
}

function openItemBatch(
  sql: Statements,
  batch: { readonly batchId: string; readonly urgency: Urgency; readonly at: string; readonly tries: number },
): number {
  const { batchId, urgency, at, tries } = batch;
  sql("INSERT INTO batches (batch_id, tier, state, created_at) VALUES (?, 'items', 'uploading', ?)").run(batchId, at);
  sql('INSERT INTO item_batches (batch_id, urgency, tries) VALUES (?, ?, ?)').run(batchId, urgency, tries);
  return oneRow<{ seq: number }>(sql('SELECT seq FROM batches WHERE batch_id = ?').get(batchId), 'batch').seq;
}

function dissolve(sql: Statements, seq: number): void {
  sql("UPDATE batches SET state = 'dissolved' WHERE seq = ? AND state = 'uploading'").run(seq);
}
