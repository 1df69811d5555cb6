import type { Migration } from '../core/database.ts';
import { auditSchema } from './audit/audit-schema.ts';
import { flatReadsMigration } from './flat-reads.ts';
import { outboxMigration } from './outbox/schema.ts';

/**
 * The ledger's tables. `seq` is the order in which things came; every time is ISO 8601 in UTC. Stages and states are
 * words without a CHECK, since a later release adds some and this one must still run on its schema.
 *
 * Batch states: `uploading` (its archives are on their way), `uploaded` (all committed, its manifest is fixed, the
 * receipt is awaited), `receipted`, `refused`, `dissolved` (every case in it was held before it was complete).
 * Ticket states: `open` (in use), `committed` and `abandoned` (to be closed with true and with false).
 */
export const ledgerMigrations: readonly Migration[] = [
  {
    version: 1000,
    sql: `
      CREATE TABLE cases (
        seq INTEGER PRIMARY KEY,
        case_id TEXT NOT NULL UNIQUE,
        entry_key TEXT NOT NULL,
        signature TEXT NOT NULL,
        source_sealed BLOB NOT NULL,
        fingerprint TEXT,
        files INTEGER NOT NULL,
        source_bytes INTEGER NOT NULL,
        stage TEXT NOT NULL,
        held_reason TEXT,
        hint TEXT,
        detected_at TEXT NOT NULL,
        delivered_at TEXT,
        maps INTEGER,
        points INTEGER,
        lesions INTEGER
      ) STRICT;
      CREATE INDEX cases_by_entry ON cases (entry_key);
      CREATE INDEX cases_by_stage ON cases (stage);

      CREATE TABLE batches (
        seq INTEGER PRIMARY KEY,
        batch_id TEXT NOT NULL UNIQUE,
        tier TEXT NOT NULL,
        state TEXT NOT NULL,
        created_at TEXT NOT NULL,
        manifest TEXT
      ) STRICT;
      CREATE INDEX batches_by_state ON batches (state);

      CREATE TABLE archives (
        seq INTEGER PRIMARY KEY,
        archive_id TEXT NOT NULL UNIQUE,
        case_id TEXT NOT NULL REFERENCES cases (case_id),
        tier TEXT NOT NULL,
        file TEXT NOT NULL,
        keys_file TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        bytes INTEGER NOT NULL,
        files INTEGER NOT NULL,
        batch_id TEXT REFERENCES batches (batch_id),
        name_try INTEGER NOT NULL DEFAULT 1,
        blob TEXT,
        receipted_at TEXT,
        UNIQUE (case_id, tier)
      ) STRICT;
      CREATE INDEX archives_by_batch ON archives (batch_id);

      CREATE TABLE tickets (
        correlation_id TEXT PRIMARY KEY,
        archive_id TEXT NOT NULL REFERENCES archives (archive_id),
        state TEXT NOT NULL,
        sealed BLOB NOT NULL,
        expires_at TEXT NOT NULL
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE blocks (
        archive_id TEXT NOT NULL REFERENCES archives (archive_id),
        start INTEGER NOT NULL,
        bytes INTEGER NOT NULL,
        block_id TEXT NOT NULL,
        PRIMARY KEY (archive_id, start)
      ) STRICT, WITHOUT ROWID;

      CREATE TABLE receipts (
        seq INTEGER PRIMARY KEY,
        batch_id TEXT NOT NULL UNIQUE REFERENCES batches (batch_id),
        jws TEXT NOT NULL,
        sha256 TEXT NOT NULL,
        stored_at TEXT NOT NULL,
        accepted_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE refusals (
        seq INTEGER PRIMARY KEY,
        at TEXT NOT NULL,
        code TEXT NOT NULL,
        batch_id TEXT,
        payload_sha256 TEXT NOT NULL
      ) STRICT;
    `,
  },
  // Of which look at its entry a person approved the case.
  { version: 1001, sql: 'ALTER TABLE cases ADD COLUMN approved_signature TEXT' },
  // Studies that come more than once. `name` and `content` are keyed digests: of a file's name and bytes in its study's
  // base, the whole archive that deltas stand on. `recipients` is a JSON array of key names.
  {
    version: 1002,
    sql: `
      CREATE TABLE studies (
        seq INTEGER PRIMARY KEY,
        study_id TEXT NOT NULL UNIQUE,
        profile TEXT NOT NULL,
        linkage_sealed BLOB,
        revision INTEGER NOT NULL DEFAULT 0,
        base_archive_id TEXT REFERENCES archives (archive_id),
        created_at TEXT NOT NULL
      ) STRICT;

      CREATE TABLE study_marks (
        mark TEXT NOT NULL,
        study_id TEXT NOT NULL REFERENCES studies (study_id),
        PRIMARY KEY (mark, study_id)
      ) STRICT, WITHOUT ROWID;
      CREATE INDEX study_marks_by_study ON study_marks (study_id);

      CREATE TABLE study_files (
        study_id TEXT NOT NULL REFERENCES studies (study_id),
        name TEXT NOT NULL,
        content TEXT NOT NULL,
        PRIMARY KEY (study_id, name)
      ) STRICT, WITHOUT ROWID;

      ALTER TABLE cases ADD COLUMN study_id TEXT REFERENCES studies (study_id);
      CREATE INDEX cases_by_study ON cases (study_id);
      ALTER TABLE archives ADD COLUMN base_archive_id TEXT REFERENCES archives (archive_id);
      ALTER TABLE archives ADD COLUMN recipients TEXT;
    `,
  },
  outboxMigration,
  { version: 1004, sql: auditSchema },
  // Where the bytes of an archive are (`kept`): `here`, `releasing` (to be erased, which may have begun), `gone`. `send`
  // is what the site's file said when it was sealed: only `always` is owed. `withdrawals` holds orders and what the
  // receiver certified; its states are `local` (nothing ever left), `ordered`, `certified`.
  {
    version: 1005,
    sql: `
      ALTER TABLE archives ADD COLUMN send TEXT NOT NULL DEFAULT 'always';
      ALTER TABLE archives ADD COLUMN sealed_at TEXT;
      ALTER TABLE archives ADD COLUMN kept TEXT NOT NULL DEFAULT 'here';
      ALTER TABLE archives ADD COLUMN release_why TEXT;
      ALTER TABLE archives ADD COLUMN released_at TEXT;
      CREATE INDEX archives_by_kept ON archives (kept);
      CREATE INDEX archives_by_base ON archives (base_archive_id);

      CREATE TABLE withdrawals (
        case_id TEXT PRIMARY KEY REFERENCES cases (case_id),
        state TEXT NOT NULL,
        ordered_at TEXT NOT NULL,
        order_json TEXT,
        certificate TEXT,
        certified_at TEXT
      ) STRICT, WITHOUT ROWID;
    `,
  },
  // Rebuilt ledgers: `chain` is `open` until the first receipt after the repair, then `closed`.
  {
    version: 1006,
    sql: 'CREATE TABLE repairs (seq INTEGER PRIMARY KEY, at TEXT NOT NULL, chain TEXT NOT NULL) STRICT',
  },
  flatReadsMigration,
  // Whether findings of a case may be at the receiver. Of what was sealed before this was noted they may.
  {
    version: 1010,
    sql: `
      ALTER TABLE cases ADD COLUMN findings_sent INTEGER NOT NULL DEFAULT 0;
      UPDATE cases SET findings_sent = 1 WHERE EXISTS (SELECT 1 FROM archives WHERE archives.case_id = cases.case_id);
    `,
  },
];
