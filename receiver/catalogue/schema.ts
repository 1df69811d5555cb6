import type { Generated } from 'kysely';
import type { Migration } from '../../core/database.ts';

/** The catalogue's tables as Kysely sees them. Times are ISO 8601 text, digests hex. */
export interface CatalogueTables {
  checkpoint: CheckpointTable;
  inbox: InboxTable;
  devices: DevicesTable;
  cases: CasesTable;
  archives: ArchivesTable;
  deltas: DeltasTable;
  withdrawals: WithdrawalsTable;
  receipts: ReceiptsTable;
  answers: AnswersTable;
  items: ItemsTable;
  audit_heads: AuditHeadsTable;
  rejected: RejectedTable;
}

/** One row: up to where the hub's event log is safe here. */
interface CheckpointTable {
  id: number;
  sequence: number;
}

/** Events that are safe here and not yet dealt with. A row goes in the transaction that deals with it. */
interface InboxTable {
  id: Generated<number>;
  device_id: string;
  body: string;
  body_sha256: string;
  enqueued_at: string;
  attempts: Generated<number>;
  first_failed_at: string | null;
  /** Milliseconds of the epoch. */
  due_at: number;
}

/** The head of each device's chain of receipts. */
interface DevicesTable {
  device_id: string;
  receipts: number;
  head_sha256: string | null;
  last_event_at: string;
}

interface CasesTable {
  device_id: string;
  case_id: string;
  maps: number;
  points: number;
  lesions: number;
}

interface ArchivesTable {
  device_id: string;
  archive_id: string;
  case_id: string;
  batch: string;
  tier: string;
  sha256: string;
  bytes: number;
  files: number;
  chunks: number;
  /** JWE General JSON; an empty object once it was withdrawn. */
  keys: string;
  received_at: string;
  withdrawn_at: Generated<string | null>;
  /** The case whose withdrawal it fell to: its own, or that of its base. */
  withdrawn_for: Generated<string | null>;
}

/** Orders to erase a case. Without a certificate the objects may still be there. */
interface WithdrawalsTable {
  device_id: string;
  case_id: string;
  order_json: string;
  certificate: string | null;
  /** Findings that were erased with it. */
  findings: Generated<number>;
}

/** Which archive holds only what differs, and from which. The base cannot go before it. */
interface DeltasTable {
  device_id: string;
  archive_id: string;
  base_archive_id: string;
}

/** Heads of appliances' audit logs, as they were signed with batches. */
interface AuditHeadsTable {
  device_id: string;
  batch: string;
  seq: number;
  hash: string;
  created_at: string;
  complaint: string | null;
}

/** What devices send beside archives: events, telemetry, logs. */
interface ItemsTable {
  place: Generated<number>;
  device_id: string;
  item_id: string;
  kind: string;
  at: string;
  sha256: string;
  body: Uint8Array;
  batch: string;
  received_at: string;
  /** The case that findings are of. */
  case_id: Generated<string | null>;
}

interface ReceiptsTable {
  device_id: string;
  /** Place in the device's chain, from 1. */
  place: number;
  batch: string;
  jws: string;
  stored_at: string;
}

/** What a device has to be told: the receipt of a batch, or why it is refused. */
interface AnswersTable {
  id: Generated<number>;
  device_id: string;
  batch: string;
  /** JSON {code, message}; null: the batch has a receipt. */
  refusal: string | null;
  /** Of a case that was withdrawn, whose id then stands for the batch. */
  certificate: Generated<string | null>;
  delivered_at: string | null;
  /** The device answered that it does not want it; told again only when it asks again. */
  declined_status: number | null;
}

/** Events that were passed over, for a person to look at. Never their content. */
interface RejectedTable {
  id: Generated<number>;
  sequence: number | null;
  device_id: string | null;
  message_id: string | null;
  code: string;
  message: string;
  bytes: number;
  rejected_at: string;
}

export const catalogueMigrations: readonly Migration[] = [
  {
    version: 1000,
    sql: `
      CREATE TABLE checkpoint (
        id       INTEGER PRIMARY KEY CHECK (id = 1),
        sequence INTEGER NOT NULL
      ) STRICT;
      INSERT INTO checkpoint VALUES (1, 0);

      CREATE TABLE inbox (
        id              INTEGER PRIMARY KEY AUTOINCREMENT,
        device_id       TEXT NOT NULL,
        body            TEXT NOT NULL,
        body_sha256     TEXT NOT NULL,
        enqueued_at     TEXT NOT NULL,
        attempts        INTEGER NOT NULL DEFAULT 0,
        first_failed_at TEXT,
        due_at          INTEGER NOT NULL,
        UNIQUE (device_id, body_sha256)
      ) STRICT;
      CREATE INDEX inbox_by_due ON inbox (device_id, due_at);

      CREATE TABLE devices (
        device_id     TEXT PRIMARY KEY,
        receipts      INTEGER NOT NULL,
        head_sha256   TEXT,
        last_event_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE cases (
        device_id TEXT NOT NULL REFERENCES devices,
        case_id   TEXT NOT NULL,
        maps      INTEGER NOT NULL,
        points    INTEGER NOT NULL,
        lesions   INTEGER NOT NULL,
        PRIMARY KEY (device_id, case_id)
      ) STRICT;
      CREATE INDEX cases_by_id ON cases (case_id);

      CREATE TABLE receipts (
        device_id TEXT NOT NULL REFERENCES devices,
        place     INTEGER NOT NULL,
        batch     TEXT NOT NULL,
        jws       TEXT NOT NULL,
        stored_at TEXT NOT NULL,
        PRIMARY KEY (device_id, place),
        UNIQUE (device_id, batch)
      ) STRICT;

      CREATE TABLE archives (
        device_id   TEXT NOT NULL,
        archive_id  TEXT NOT NULL,
        case_id     TEXT NOT NULL,
        batch       TEXT NOT NULL,
        tier        TEXT NOT NULL,
        sha256      TEXT NOT NULL,
        bytes       INTEGER NOT NULL,
        files       INTEGER NOT NULL,
        chunks      INTEGER NOT NULL,
        keys        TEXT NOT NULL,
        received_at TEXT NOT NULL,
        PRIMARY KEY (device_id, archive_id),
        FOREIGN KEY (device_id, case_id) REFERENCES cases,
        FOREIGN KEY (device_id, batch) REFERENCES receipts (device_id, batch)
      ) STRICT;
      CREATE INDEX archives_by_case ON archives (device_id, case_id);
      CREATE INDEX archives_by_sha256 ON archives (sha256);

      CREATE TABLE answers (
        id              INTEGER PRIMARY KEY AUTOINCREMENT,
        device_id       TEXT NOT NULL,
        batch           TEXT NOT NULL,
        refusal         TEXT,
        delivered_at    TEXT,
        declined_status INTEGER,
        UNIQUE (device_id, batch)
      ) STRICT;
      CREATE INDEX answers_undelivered ON answers (device_id, id) WHERE delivered_at IS NULL AND declined_status IS NULL;

      CREATE TABLE rejected (
        id          INTEGER PRIMARY KEY AUTOINCREMENT,
        sequence    INTEGER,
        device_id   TEXT,
        message_id  TEXT,
        code        TEXT NOT NULL,
        message     TEXT NOT NULL,
        bytes       INTEGER NOT NULL,
        rejected_at TEXT NOT NULL
      ) STRICT;
    `,
  },
  {
    version: 1001,
    sql: `
      CREATE TABLE deltas (
        device_id       TEXT NOT NULL,
        archive_id      TEXT NOT NULL,
        base_archive_id TEXT NOT NULL,
        PRIMARY KEY (device_id, archive_id),
        FOREIGN KEY (device_id, archive_id) REFERENCES archives (device_id, archive_id) ON DELETE CASCADE,
        FOREIGN KEY (device_id, base_archive_id) REFERENCES archives (device_id, archive_id) ON DELETE RESTRICT
      ) STRICT;
      CREATE INDEX deltas_by_base ON deltas (device_id, base_archive_id);
    `,
  },
  {
    version: 1002,
    sql: `
      CREATE TABLE items (
        place       INTEGER PRIMARY KEY,
        device_id   TEXT NOT NULL,
        item_id     TEXT NOT NULL,
        kind        TEXT NOT NULL,
        at          TEXT NOT NULL,
        sha256      TEXT NOT NULL,
        batch       TEXT NOT NULL,
        received_at TEXT NOT NULL,
        body        BLOB NOT NULL,
        UNIQUE (device_id, item_id),
        FOREIGN KEY (device_id, batch) REFERENCES receipts (device_id, batch)
      ) STRICT;
      CREATE INDEX items_by_batch ON items (device_id, batch);
      CREATE INDEX items_by_kind ON items (kind, device_id);
    `,
  },
  {
    version: 1004,
    sql: `
      CREATE TABLE audit_heads (
        device_id  TEXT NOT NULL,
        batch      TEXT NOT NULL,
        seq        INTEGER NOT NULL,
        hash       TEXT NOT NULL,
        created_at TEXT NOT NULL,
        complaint  TEXT,
        PRIMARY KEY (device_id, batch),
        FOREIGN KEY (device_id, batch) REFERENCES receipts (device_id, batch)
      ) STRICT;
      CREATE INDEX audit_heads_by_seq ON audit_heads (device_id, seq);
    `,
  },
  {
    version: 1005,
    sql: `
      ALTER TABLE archives ADD COLUMN withdrawn_at TEXT;
      ALTER TABLE archives ADD COLUMN withdrawn_for TEXT;
      CREATE INDEX archives_withdrawn ON archives (device_id, withdrawn_for) WHERE withdrawn_for IS NOT NULL;
      ALTER TABLE answers ADD COLUMN certificate TEXT;

      CREATE TABLE withdrawals (
        device_id   TEXT NOT NULL REFERENCES devices,
        case_id     TEXT NOT NULL,
        order_json  TEXT NOT NULL,
        certificate TEXT,
        PRIMARY KEY (device_id, case_id)
      ) STRICT;
    `,
  },
  // Findings go with their case, also those of cases that were withdrawn before this was noted.
  {
    version: 1006,
    sql: `
      ALTER TABLE withdrawals ADD COLUMN findings INTEGER NOT NULL DEFAULT 0;
      ALTER TABLE items ADD COLUMN case_id TEXT;
      UPDATE items SET case_id = json_extract(CAST(body AS TEXT), '$.caseId')
        WHERE kind = 'findings' AND json_valid(CAST(body AS TEXT));
      CREATE INDEX items_by_case ON items (device_id, case_id) WHERE case_id IS NOT NULL;
      DELETE FROM items WHERE (device_id, case_id) IN (SELECT device_id, case_id FROM withdrawals);
    `,
  },
];
