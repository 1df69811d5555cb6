import type { Migration } from '../../core/database.ts';

/**
 * The outbox. What is enqueued in one go is one *segment*: its bodies are stored end to end in one value, so that
 * nothing is written for each item but a narrow row. A segment goes when the last of its items does.
 *
 * `outbox_items.batch` is the batch (`batches.seq`) that an item is on its way in; `parked`: why it waits for a person.
 * An item with neither is queued. `outbox_counts` is kept in the transaction that changes the rows it counts: what came
 * in, and where it went; what is queued or parked is in the rows.
 *
 * A batch of items has the tier `items`. `item_batches` says how it travels: `sealed_key` is the data key of its blob,
 * encrypted with the storage key, `envelope` the same key as it travels; both are absent where the items are inline.
 * `tries`: how often these items were refused before. The ledger keeps the manifest without items that are inline: they
 * are in their rows already.
 */
export const outboxMigration: Migration = {
  version: 1003,
  sql: `
    CREATE TABLE outbox_segments (
      segment INTEGER PRIMARY KEY,
      mark TEXT NOT NULL,
      at TEXT NOT NULL,
      packing TEXT NOT NULL,
      bodies BLOB NOT NULL
    ) STRICT;

    CREATE TABLE outbox_items (
      segment INTEGER NOT NULL REFERENCES outbox_segments (segment),
      n INTEGER NOT NULL,
      kind TEXT NOT NULL,
      start INTEGER NOT NULL,
      bytes INTEGER NOT NULL,
      batch INTEGER REFERENCES batches (seq),
      parked TEXT,
      PRIMARY KEY (segment, n)
    ) STRICT, WITHOUT ROWID;
    CREATE INDEX outbox_queued ON outbox_items (kind, segment, n, bytes) WHERE batch IS NULL AND parked IS NULL;
    CREATE INDEX outbox_batched ON outbox_items (batch, segment, n) WHERE batch IS NOT NULL;
    CREATE INDEX outbox_parked ON outbox_items (segment, n) WHERE parked IS NOT NULL;

    CREATE TABLE outbox_counts (
      kind TEXT PRIMARY KEY,
      enqueued INTEGER NOT NULL DEFAULT 0,
      enqueued_bytes INTEGER NOT NULL DEFAULT 0,
      delivered INTEGER NOT NULL DEFAULT 0,
      delivered_bytes INTEGER NOT NULL DEFAULT 0,
      dropped INTEGER NOT NULL DEFAULT 0,
      dropped_bytes INTEGER NOT NULL DEFAULT 0
    ) STRICT, WITHOUT ROWID;

    CREATE TABLE item_batches (
      batch_id TEXT PRIMARY KEY REFERENCES batches (batch_id),
      urgency TEXT NOT NULL,
      tries INTEGER NOT NULL,
      items_sha256 TEXT,
      name_try INTEGER NOT NULL DEFAULT 1,
      sealed_key BLOB,
      envelope TEXT,
      blob_sha256 TEXT,
      blob_bytes INTEGER,
      blob TEXT
    ) STRICT, WITHOUT ROWID;

    CREATE INDEX batches_of_items ON batches (seq, state) WHERE tier = 'items';

    CREATE TABLE item_tickets (
      correlation_id TEXT PRIMARY KEY,
      batch_id TEXT NOT NULL REFERENCES batches (batch_id),
      state TEXT NOT NULL,
      sealed BLOB NOT NULL,
      expires_at TEXT NOT NULL
    ) STRICT, WITHOUT ROWID;
  `,
};
