import { firstHead } from '../../protocol/audit.ts';

/**
 * The audit log: `record` is the JSON text that `hash` covers, `why` the sealed words of a person. A segment is a run of
 * records that travels as one item of the outbox; once it is `archived` (delivered, and its room was needed), its
 * records may go, and what closes the chain over the gap is in its row. Nothing else can be changed or removed.
 */
export const auditSchema = `
  CREATE TABLE audit (
    seq INTEGER PRIMARY KEY,
    id TEXT NOT NULL UNIQUE,
    record TEXT NOT NULL,
    why BLOB,
    hash TEXT NOT NULL
  ) STRICT;

  CREATE TABLE audit_head (
    only INTEGER PRIMARY KEY CHECK (only = 1),
    seq INTEGER NOT NULL,
    hash TEXT NOT NULL
  ) STRICT;
  INSERT INTO audit_head VALUES (1, ${firstHead.seq}, '${firstHead.hash}');

  CREATE TABLE audit_segments (
    first_seq INTEGER PRIMARY KEY,
    last_seq INTEGER NOT NULL,
    before TEXT NOT NULL,
    hash TEXT NOT NULL,
    bytes INTEGER NOT NULL,
    item_id TEXT,
    state TEXT NOT NULL
  ) STRICT;

  CREATE TRIGGER audit_is_never_changed BEFORE UPDATE ON audit BEGIN
    SELECT RAISE(ABORT, 'an audit record cannot be changed');
  END;
  CREATE TRIGGER audit_goes_archived BEFORE DELETE ON audit
  WHEN NOT EXISTS (
    SELECT 1 FROM audit_segments WHERE state = 'archived' AND OLD.seq BETWEEN first_seq AND last_seq
  ) BEGIN
    SELECT RAISE(ABORT, 'an audit record cannot be removed');
  END;
`;
