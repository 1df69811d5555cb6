import type { Database, Migration } from '../../core/database.ts';
import type { Sha256 } from '../../core/digest.ts';

/** One key of one device, as stored. Times are ISO 8601 in UTC. */
export interface RequestRow {
  readonly device: string;
  readonly fingerprint: Sha256;
  readonly kind: 'enrol' | 'renew';
  readonly credential: Sha256;
  readonly state: 'pending' | 'approved' | 'denied' | 'issued';
  readonly certificate: string | null;
  readonly requested_at: string;
}

/** The partial index is the single-use rule: one onboarding certificate, one issued enrolment. */
export const requestMigrations: readonly Migration[] = [
  {
    version: 1000,
    sql: `
      CREATE TABLE requests (
        device       TEXT NOT NULL,
        fingerprint  TEXT NOT NULL,
        kind         TEXT NOT NULL CHECK (kind IN ('enrol', 'renew')),
        credential   TEXT NOT NULL,
        state        TEXT NOT NULL CHECK (state IN ('pending', 'approved', 'denied', 'issued')),
        certificate  TEXT CHECK ((certificate IS NOT NULL) = (state = 'issued')),
        requested_at TEXT NOT NULL,
        decided_at   TEXT,
        issued_at    TEXT,
        PRIMARY KEY (device, fingerprint)
      ) STRICT;
      CREATE UNIQUE INDEX single_use ON requests (credential) WHERE kind = 'enrol' AND state = 'issued';
    `,
  },
];

/** The statements of the table, prepared once. */
export function requestStatements(db: Database) {
  return {
    find: db.prepare<[string, string], RequestRow>('SELECT * FROM requests WHERE device = ? AND fingerprint = ?'),
    all: db.prepare<[], RequestRow>('SELECT * FROM requests ORDER BY requested_at'),
    inState: db.prepare<[RequestRow['state']], RequestRow>(
      'SELECT * FROM requests WHERE state = ? ORDER BY requested_at',
    ),
    usedForAnother: db.prepare<[string, string], { found: 1 }>(
      `SELECT 1 AS found FROM requests WHERE kind = 'enrol' AND state = 'issued' AND credential = ? AND fingerprint <> ?`,
    ),
    countOpen: db.prepare<[string], { open: number }>(
      `SELECT count(*) AS open FROM requests WHERE credential = ? AND state <> 'issued'`,
    ),
    put: db.prepare<Pick<RequestRow, 'device' | 'fingerprint' | 'kind' | 'credential' | 'state'> & { at: string }>(
      `INSERT INTO requests (device, fingerprint, kind, credential, state, requested_at)
       VALUES (@device, @fingerprint, @kind, @credential, @state, @at)
       ON CONFLICT (device, fingerprint)
       DO UPDATE SET kind = excluded.kind, credential = excluded.credential, state = excluded.state`,
    ),
    decide: db.prepare<{ device: string; fingerprint: string; state: 'approved' | 'denied'; at: string }>(
      'UPDATE requests SET state = @state, decided_at = @at WHERE device = @device AND fingerprint = @fingerprint',
    ),
    issue: db.prepare<{ device: string; fingerprint: string; certificate: string; at: string }>(
      `UPDATE requests SET state = 'issued', certificate = @certificate, issued_at = @at
       WHERE device = @device AND fingerprint = @fingerprint`,
    ),
  };
}
