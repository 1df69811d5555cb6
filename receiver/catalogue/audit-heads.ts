import type { Transaction } from 'kysely';
import type { AuditHead } from '../../protocol/audit.ts';
import type { Manifest } from '../../protocol/batch.ts';
import type { CatalogueTables } from './schema.ts';

/**
 * What is wrong with the head of an appliance's audit log, seen beside the heads that came before.
 * - `AUDIT_FORKED`: another record has this place than a batch said before, so the log was made anew
 * - `AUDIT_BACKWARD`: a later batch says that the log is shorter than it was, so its end is gone
 */
export type AuditComplaint = 'AUDIT_FORKED' | 'AUDIT_BACKWARD';

/** A head as a device signed it, with a batch. */
export interface AuditHeadRow extends AuditHead {
  readonly batch: string;
  /** When the batch was begun, by the device's clock: batches may arrive in another order. */
  readonly createdAt: string;
  readonly complaint?: AuditComplaint;
}

/** Compares a head with those that are known of its device. */
export function complaintOf(
  head: Omit<AuditHeadRow, 'complaint'>,
  known: readonly AuditHeadRow[],
): AuditComplaint | undefined {
  if (known.some(({ seq, hash }) => seq === head.seq && hash !== head.hash)) return 'AUDIT_FORKED';
  const isShorter = known.some(({ seq, createdAt }) => seq > head.seq && createdAt < head.createdAt);
  return isShorter ? 'AUDIT_BACKWARD' : undefined;
}

/** Enters the head that came with a batch, and what is wrong with it. The batch is taken all the same: it is safe bytes. */
export async function writeAuditHead(work: Transaction<CatalogueTables>, manifest: Manifest): Promise<void> {
  const { audit, batch, device, createdAt } = manifest;
  if (!audit) return;
  // Those that could contradict: the same place, or a longer log.
  const rows = await work
    .selectFrom('audit_heads')
    .selectAll()
    .where('device_id', '=', device)
    .where('seq', '>=', audit.seq)
    .orderBy('seq')
    .limit(1000)
    .execute();
  const complaint = complaintOf({ ...audit, batch, createdAt }, rows.map(auditHeadOf));
  await work
    .insertInto('audit_heads')
    .values({
      ...{ device_id: device, batch, seq: audit.seq, hash: audit.hash, created_at: createdAt },
      complaint: complaint ?? null,
    })
    .execute();
}

export function auditHeadOf(row: CatalogueTables['audit_heads']): AuditHeadRow {
  const { batch, seq, hash, created_at: createdAt, complaint } = row;
  return { batch, seq, hash, createdAt, ...(complaint === null ? {} : { complaint: complaint as AuditComplaint }) };
}
