import type { Stage } from '../protocol/documents.ts';
import type { Tier } from '../protocol/ids.ts';
import { caseCommands, moveCase } from './case-commands.ts';
import type { ItemsRefusalPlan } from './outbox/items-refusal-plan.ts';
import { type Parts, refuseItems } from './outbox/outbox-commands.ts';
import { planAfterRefusal, type RefusalPlan, type RefusedArchive } from './refusal-plan.ts';
import { mustChange, oneRow, type Statements } from './statements.ts';
import { forgetBases } from './study-commands.ts';

/** A run of bytes of an archive that the blob endpoint has as an uncommitted block. */
export interface StagedBlock {
  /** Offset of its first byte. */
  readonly start: number;
  readonly bytes: number;
  /** Base64 of the block's SHA-256. */
  readonly blockId: string;
}

/** A ticket as it is kept: the right to write is encrypted. */
export interface SealedTicket {
  readonly archiveId: string;
  readonly correlationId: string;
  readonly sealed: Uint8Array;
  readonly expiresAt: string;
}

/** Steps of archives and batches on their way. Each runs inside the writer's transaction, with its stage. */
export const deliveryCommands = {
  batch(
    sql: Statements,
    batch: {
      readonly batchId: string;
      readonly tier: Tier;
      readonly archiveIds: readonly string[];
      readonly at: string;
    },
  ): void {
    sql('INSERT INTO batches (batch_id, tier, state, created_at) VALUES (@batchId, @tier, @state, @at)').run({
      batchId: batch.batchId,
      tier: batch.tier,
      state: 'uploading',
      at: batch.at,
    });
    for (const archiveId of batch.archiveIds) {
      const joined = sql('UPDATE archives SET batch_id = ? WHERE archive_id = ? AND tier = ? AND batch_id IS NULL');
      mustChange(joined.run(batch.batchId, archiveId, batch.tier), 'archive to batch');
      moveCase(sql, caseOf(sql, archiveId), 'batched');
    }
  },

  /**
   * Keeps a granted ticket; an older one of the same archive is given up. When the archive left its batch meanwhile,
   * the ticket is kept only to be closed, and the answer is false.
   */
  startUpload(sql: Statements, ticket: SealedTicket): boolean {
    if (isItemBatch(ticket.archiveId)) return startItemUpload(sql, ticket);
    const { batch_id } = archiveRow(sql, ticket.archiveId);
    sql("UPDATE tickets SET state = 'abandoned' WHERE archive_id = ? AND state = 'open'").run(ticket.archiveId);
    sql(
      `INSERT INTO tickets (correlation_id, archive_id, state, sealed, expires_at)
       VALUES (@correlationId, @archiveId, @state, @sealed, @expiresAt)`,
    ).run({ ...ticket, state: batch_id === null ? 'abandoned' : 'open' });
    if (batch_id === null) return false;
    moveCase(sql, caseOf(sql, ticket.archiveId), 'upload-started');
    return true;
  },

  /** Gives a ticket up. `newName`: the blob's name is spoilt, so the archive starts again under another one. */
  abandonTicket(
    sql: Statements,
    { correlationId, newName }: { readonly correlationId: string; readonly newName: boolean },
  ): void {
    if (sql("UPDATE item_tickets SET state = 'abandoned' WHERE correlation_id = ?").run(correlationId).changes > 0)
      return;
    const { archive_id } = oneRow<{ archive_id: string }>(
      sql('SELECT archive_id FROM tickets WHERE correlation_id = ?').get(correlationId),
      'ticket',
    );
    sql("UPDATE tickets SET state = 'abandoned' WHERE correlation_id = ?").run(correlationId);
    if (!newName) return;
    sql('UPDATE archives SET name_try = name_try + 1 WHERE archive_id = ?').run(archive_id);
    sql('DELETE FROM blocks WHERE archive_id = ?').run(archive_id);
  },

  /** The hub was told how the upload ended, or is past caring. */
  closeTicket(sql: Statements, { correlationId }: { readonly correlationId: string }): void {
    const closed = ['tickets', 'item_tickets'].map((table) =>
      sql(`DELETE FROM ${table} WHERE correlation_id = ? AND state <> 'open'`).run(correlationId),
    );
    mustChange(closed.find(({ changes }) => changes > 0) ?? { changes: 0 }, 'ticket to close');
  },

  addBlock(sql: Statements, block: StagedBlock & { readonly archiveId: string }): void {
    sql(
      `INSERT OR REPLACE INTO blocks (archive_id, start, bytes, block_id)
       VALUES (@archiveId, @start, @bytes, @blockId)`,
    ).run(block);
  },

  /** Forgets every block of an archive but these: the endpoint no longer has the others. */
  keepBlocks(
    sql: Statements,
    { archiveId, blockIds }: { readonly archiveId: string; readonly blockIds: readonly string[] },
  ): void {
    sql(
      `DELETE FROM blocks WHERE archive_id = ?
       AND block_id NOT IN (SELECT value FROM json_each(?))`,
    ).run(archiveId, JSON.stringify(blockIds));
  },

  /** An archive is a committed blob. Returns the stage of its case. */
  markUploaded(sql: Statements, { archiveId, blob }: { readonly archiveId: string; readonly blob: string }): Stage {
    const caseId = caseOf(sql, archiveId);
    sql('UPDATE archives SET blob = ? WHERE archive_id = ?').run(blob, archiveId);
    sql("UPDATE tickets SET state = 'committed' WHERE archive_id = ? AND state = 'open'").run(archiveId);
    sql('DELETE FROM blocks WHERE archive_id = ?').run(archiveId);
    const { stage } = oneRow<{ stage: Stage }>(sql('SELECT stage FROM cases WHERE case_id = ?').get(caseId), 'case');
    const missing = sql("SELECT 1 FROM archives WHERE case_id = ? AND blob IS NULL AND send = 'always' LIMIT 1").get(
      caseId,
    );
    const standsStill = stage === 'held' || stage === 'withdrawn';
    return standsStill || missing ? stage : moveCase(sql, caseId, 'all-uploaded');
  },

  /** Every archive of a batch is committed: its manifest is fixed, and from now on the receipt is asked for. */
  completeBatch(sql: Statements, { batchId, manifest }: { readonly batchId: string; readonly manifest: string }): void {
    const completed = sql(
      `UPDATE batches SET state = 'uploaded', manifest = ? WHERE batch_id = ? AND state = 'uploading'
       AND EXISTS (SELECT 1 FROM archives WHERE archives.batch_id = batches.batch_id)
       AND NOT EXISTS (SELECT 1 FROM archives WHERE archives.batch_id = batches.batch_id AND blob IS NULL)`,
    ).run(manifest, batchId);
    mustChange(completed, 'batch to complete');
  },

  /**
   * The receiver refuses a batch for good. Its archives are sent once more where that can help, else their cases wait
   * for a person. Undefined when the refusal was known already.
   */
  refuseBatch(
    sql: Statements,
    refusal: {
      readonly batchId: string;
      readonly code: string;
      readonly hint: string;
      readonly at: string;
      /** Under which a batch of items goes on. */
      readonly parts: Parts;
    },
  ): RefusalPlan | ItemsRefusalPlan | undefined {
    const { batchId, code, hint, at, parts } = refusal;
    const { seq, state, tier } = oneRow<{ seq: number; state: string; tier: string }>(
      sql('SELECT seq, state, tier FROM batches WHERE batch_id = ?').get(batchId),
      'batch',
    );
    if (state === 'refused') return undefined;
    const refused = sql(
      "UPDATE batches SET state = 'refused', manifest = NULL WHERE batch_id = ? AND state = 'uploaded'",
    ).run(batchId);
    mustChange(refused, 'batch to refuse');
    if (tier === 'items') return refuseItems(sql, { seq, batchId, code, at }, parts);
    // What was withdrawn meanwhile is nobody's concern any more.
    const archives = sql(
      `SELECT archive_id AS archiveId, case_id AS caseId, name_try AS nameTry FROM archives
       WHERE batch_id = ? AND send = 'always'`,
    ).all(batchId) as RefusedArchive[];
    const plan = planAfterRefusal(code, archives);
    if (plan === 'hold' && code === 'BASE_MISSING') forgetBases(sql, batchId);
    for (const { archiveId, caseId } of archives) {
      if (plan === 'hold') caseCommands.hold(sql, { caseId, reason: 'refused-by-receiver', hint });
      else sendBack(sql, { archiveId, caseId, keepBlob: plan === 'announce-alone' });
    }
    return plan;
  },
} as const;

/** Takes an archive out of its batch to go into another, under a new name unless its blob is still good. */
function sendBack(
  sql: Statements,
  { archiveId, caseId, keepBlob }: { readonly archiveId: string; readonly caseId: string; readonly keepBlob: boolean },
): void {
  sql('UPDATE archives SET batch_id = NULL, name_try = name_try + 1 WHERE archive_id = ?').run(archiveId);
  if (keepBlob) return;
  sql('UPDATE archives SET blob = NULL WHERE archive_id = ?').run(archiveId);
  moveCase(sql, caseId, 'sent-back');
}

/** Tickets are for an archive, or for the blob of a batch of items, whose id then stands in the archive's place. */
function isItemBatch(id: string): boolean {
  return id.startsWith('bat-');
}

function startItemUpload(sql: Statements, ticket: SealedTicket): boolean {
  const { state } = oneRow<{ state: string }>(
    sql('SELECT state FROM batches WHERE batch_id = ?').get(ticket.archiveId),
    'batch',
  );
  const isWanted = state === 'uploading';
  sql("UPDATE item_tickets SET state = 'abandoned' WHERE batch_id = ? AND state = 'open'").run(ticket.archiveId);
  sql(
    `INSERT INTO item_tickets (correlation_id, batch_id, state, sealed, expires_at)
     VALUES (@correlationId, @archiveId, @state, @sealed, @expiresAt)`,
  ).run({ ...ticket, state: isWanted ? 'open' : 'abandoned' });
  return isWanted;
}

function archiveRow(sql: Statements, archiveId: string): { case_id: string; batch_id: string | null } {
  return oneRow(sql('SELECT case_id, batch_id FROM archives WHERE archive_id = ?').get(archiveId), 'archive');
}

function caseOf(sql: Statements, archiveId: string): string {
  return archiveRow(sql, archiveId).case_id;
}
