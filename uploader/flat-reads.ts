import type { Migration } from '../core/database.ts';

/**
 * What keeps the cost of a case the same however many are stored: questions that are asked for every case, or every
 * block, find their answer in an index of what is still to be done, or in a count that is kept with its rows.
 */
export const flatReadsMigration: Migration = {
  version: 1009,
  sql: `
    CREATE INDEX archives_to_batch ON archives (tier, seq) WHERE batch_id IS NULL AND send = 'always';
    CREATE INDEX archives_delivered_here ON archives (receipted_at) WHERE kept = 'here';
    CREATE INDEX archives_unsent_here ON archives (sealed_at)
      WHERE kept = 'here' AND send = 'on-request' AND batch_id IS NULL;

    CREATE TABLE case_counts (stage TEXT PRIMARY KEY, cases INTEGER NOT NULL) STRICT, WITHOUT ROWID;
    INSERT INTO case_counts SELECT stage, count(*) FROM cases GROUP BY stage;

    CREATE TRIGGER case_counted AFTER INSERT ON cases BEGIN
      INSERT INTO case_counts VALUES (NEW.stage, 1) ON CONFLICT (stage) DO UPDATE SET cases = cases + 1;
    END;
    CREATE TRIGGER case_moved AFTER UPDATE OF stage ON cases WHEN OLD.stage <> NEW.stage BEGIN
      UPDATE case_counts SET cases = cases - 1 WHERE stage = OLD.stage;
      INSERT INTO case_counts VALUES (NEW.stage, 1) ON CONFLICT (stage) DO UPDATE SET cases = cases + 1;
    END;
    CREATE TRIGGER case_gone AFTER DELETE ON cases BEGIN
      UPDATE case_counts SET cases = cases - 1 WHERE stage = OLD.stage;
    END;
  `,
};
