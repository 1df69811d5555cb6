import type { ItemKind } from '../../protocol/outbox.ts';
import type { Statements } from '../statements.ts';

/** Of one kind: what came in since the ledger was made, and where it is. `enqueued` is the sum of the others. */
export interface KindCounts {
  readonly kind: ItemKind;
  readonly enqueued: number;
  readonly queued: number;
  readonly sending: number;
  readonly parked: number;
  readonly delivered: number;
  readonly dropped: number;
  /** Bytes that are still here: queued, on their way or parked. */
  readonly bytes: number;
}

/** What the ledger says of the outbox. */
export class OutboxReader {
  readonly #sql: Statements;

  constructor(sql: Statements) {
    this.#sql = sql;
  }

  /** Counted from the rows themselves; kinds that never were enqueued are absent. */
  counts(): KindCounts[] {
    return this.#sql(
      `SELECT kind, enqueued, coalesce(rows - batched - parked, 0) AS queued, coalesce(batched, 0) AS sending,
         coalesce(parked, 0) AS parked, delivered, dropped, coalesce(here, 0) AS bytes
       FROM outbox_counts LEFT JOIN (
         SELECT kind, count(*) AS rows, count(batch) AS batched, count(parked) AS parked, sum(bytes) AS here
         FROM outbox_items GROUP BY kind
       ) USING (kind) ORDER BY kind`,
    ).all() as KindCounts[];
  }
}
