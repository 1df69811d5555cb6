import { placeOf } from '../protocol/item-id.ts';
import type { Receipt } from '../protocol/receipt.ts';
import { moveCase } from './case-commands.ts';
import { deliverItems, forgetOldItemBatches } from './outbox/outbox-commands.ts';
import { type ExpectedReceipt, type RefusalCode, receiptMismatch } from './receipt-check.ts';
import { oneRow, type Statements } from './statements.ts';

/** So many refusals are kept; older ones go, so that nobody can fill the disk with them. */
export const maxRefusals = 1000;

export interface Refusal {
  readonly at: string;
  readonly code: RefusalCode;
  readonly batchId: string | undefined;
  /** Of what was refused, so that it can be recognised; the thing itself is not kept. */
  readonly payloadSha256: string;
}

/** A receipt whose signature was verified. */
export interface VerifiedReceipt {
  readonly receipt: Receipt;
  /** Compact JWS, and its SHA-256: the link of the chain. */
  readonly jws: string;
  readonly sha256: string;
}

export type ReceiptOutcome =
  | { readonly kind: 'accepted'; readonly delivered: readonly string[] }
  | { readonly kind: 'repeated' }
  | { readonly kind: 'refused'; readonly code: RefusalCode };

export const receiptCommands = {
  /**
   * Compares a verified receipt with what the ledger expects, and either takes it (archives receipted, complete cases
   * delivered) or records why not. One transaction either way.
   */
  acceptReceipt(
    sql: Statements,
    { receipt, jws, sha256, device, at }: VerifiedReceipt & { readonly device: string; readonly at: string },
  ): ReceiptOutcome {
    const known = sql('SELECT sha256 FROM receipts WHERE batch_id = ?').get(receipt.batch) as
      | { sha256: string }
      | undefined;
    if (known?.sha256 === sha256) return { kind: 'repeated' };
    const code = receiptMismatch(receipt, expectationOf(sql, receipt.batch, device));
    if (code) {
      receiptCommands.recordRefusal(sql, { at, code, batchId: receipt.batch, payloadSha256: sha256 });
      return { kind: 'refused', code };
    }
    sql(
      `INSERT INTO receipts (batch_id, jws, sha256, stored_at, accepted_at)
       VALUES (@batch, @jws, @sha256, @storedAt, @at)`,
    ).run({ batch: receipt.batch, jws, sha256, storedAt: receipt.storedAt, at });
    sql("UPDATE repairs SET chain = 'closed' WHERE chain = 'open'").run();
    sql("UPDATE batches SET state = 'receipted', manifest = NULL WHERE batch_id = ?").run(receipt.batch);
    sql('UPDATE archives SET receipted_at = ? WHERE batch_id = ?').run(at, receipt.batch);
    if (receipt.items) {
      const { seq } = oneRow<{ seq: number }>(
        sql('SELECT seq FROM batches WHERE batch_id = ?').get(receipt.batch),
        'batch',
      );
      const refused = receipt.items.refused ?? [];
      deliverItems(
        sql,
        seq,
        refused.map(({ id, code }) => ({ ...placeOf(id), code })),
      );
      forgetOldItemBatches(sql);
    }
    return { kind: 'accepted', delivered: deliverCompleteCases(sql, receipt.batch, at) };
  },

  recordRefusal(sql: Statements, refusal: Refusal): void {
    sql('INSERT INTO refusals (at, code, batch_id, payload_sha256) VALUES (@at, @code, @batchId, @payloadSha256)').run({
      ...refusal,
      batchId: refusal.batchId ?? null,
    });
    sql('DELETE FROM refusals WHERE seq <= (SELECT max(seq) FROM refusals) - ?').run(maxRefusals);
  },
} as const;

function expectationOf(sql: Statements, batchId: string, device: string): ExpectedReceipt {
  const batch = sql(
    `SELECT seq, state, items_sha256 AS itemsSha256 FROM batches LEFT JOIN item_batches USING (batch_id)
     WHERE batch_id = ?`,
  ).get(batchId) as { seq: number; state: string; itemsSha256: string | null } | undefined;
  const archives = sql('SELECT archive_id AS archiveId, sha256, bytes FROM archives WHERE batch_id = ?').all(
    batchId,
  ) as ExpectedReceipt['archives'];
  const last = sql('SELECT sha256 FROM receipts ORDER BY seq DESC LIMIT 1').get() as { sha256: string } | undefined;
  return {
    ...{ device, batchState: batch?.state, archives, previous: last?.sha256 ?? null },
    isChainOpen: sql("SELECT 1 FROM repairs WHERE chain = 'open'").get() !== undefined,
    items: batch?.itemsSha256 ? expectedItems(sql, batch.seq, batch.itemsSha256) : undefined,
  };
}

function expectedItems(sql: Statements, seq: number, sha256: string): NonNullable<ExpectedReceipt['items']> {
  const { count } = sql('SELECT count(*) AS count FROM outbox_items WHERE batch = ?').get(seq) as { count: number };
  const one = sql(
    `SELECT 1 FROM outbox_items JOIN outbox_segments USING (segment)
     WHERE segment = ? AND n = ? AND mark = ? AND batch = ?`,
  );
  const has = (id: string) => {
    const { segment, n, mark } = placeOf(id);
    return one.get(segment, n, mark, seq) !== undefined;
  };
  return { count, sha256, has };
}

function deliverCompleteCases(sql: Statements, batchId: string, at: string): string[] {
  const complete = sql(
    `SELECT DISTINCT case_id FROM archives AS mine WHERE batch_id = ?
     AND NOT EXISTS (
       SELECT 1 FROM archives WHERE case_id = mine.case_id AND receipted_at IS NULL AND send = 'always')`,
  ).all(batchId) as { case_id: string }[];
  const delivered: string[] = [];
  for (const { case_id } of complete) {
    if (moveCase(sql, case_id, 'all-receipted') === 'delivered') delivered.push(case_id);
    sql('UPDATE cases SET delivered_at = ?, held_reason = NULL, hint = NULL WHERE case_id = ?').run(at, case_id);
  }
  return delivered;
}
