import type { Migration } from '../../core/database.ts';

/** `IF NOT EXISTS`: the hub and the command line may open a new registry at the same moment. */
export const registryMigrations: readonly Migration[] = [
  {
    version: 1000,
    sql: `
      CREATE TABLE IF NOT EXISTS enrolments (
        registration_id TEXT PRIMARY KEY,
        enabled         INTEGER NOT NULL,
        created_at      TEXT NOT NULL
      ) STRICT;
      CREATE TABLE IF NOT EXISTS devices (
        device_id         TEXT PRIMARY KEY,
        generation_id     TEXT NOT NULL,
        etag              TEXT NOT NULL,
        enabled           INTEGER NOT NULL,
        status_reason     TEXT,
        status_updated_at TEXT NOT NULL,
        created_at        TEXT NOT NULL,
        connected         INTEGER NOT NULL DEFAULT 0,
        connection_updated_at TEXT,
        last_seen_at      TEXT,
        certificate       TEXT
      ) STRICT;
      CREATE TABLE IF NOT EXISTS hub_process (
        one   INTEGER PRIMARY KEY CHECK (one = 1),
        stamp TEXT NOT NULL
      ) STRICT;
    `,
  },
];

/** A row of `devices` as SQLite gives it. */
export interface DeviceRow {
  readonly device_id: string;
  readonly generation_id: string;
  readonly etag: string;
  readonly enabled: number;
  readonly status_reason: string | null;
  readonly status_updated_at: string;
  readonly created_at: string;
  readonly connected: number;
  readonly connection_updated_at: string | null;
  readonly last_seen_at: string | null;
  readonly certificate: string | null;
}

export interface EnrolmentRow {
  readonly registration_id: string;
  readonly enabled: number;
  readonly created_at: string;
}
