import { join } from 'node:path';
import { type Database, openStore } from '../../core/database.ts';

/**
 * Opens the hub's own state: twins, MQTT sessions and file uploads. Only the hub's process opens it. A twin belongs to
 * one generation of a device, so that a device removed and made again starts afresh whatever was cut in between.
 */
export function openState(folder: string): Database {
  return openStore(join(folder, 'state.db'), [
    {
      version: 1000,
      sql: `
        CREATE TABLE twins (
          device_id     TEXT PRIMARY KEY,
          generation_id TEXT NOT NULL,
          etag          TEXT NOT NULL,
          version       INTEGER NOT NULL,
          tags          TEXT NOT NULL,
          desired       TEXT NOT NULL,
          reported      TEXT NOT NULL
        ) STRICT;
        CREATE TABLE subscriptions (
          client_id TEXT NOT NULL,
          filter    TEXT NOT NULL,
          qos       INTEGER NOT NULL,
          PRIMARY KEY (client_id, filter)
        ) STRICT, WITHOUT ROWID;
        CREATE TABLE uploads (
          correlation_id TEXT PRIMARY KEY,
          device_id      TEXT NOT NULL,
          blob           TEXT NOT NULL,
          opened_at_ms   INTEGER NOT NULL,
          expires_at_ms  INTEGER NOT NULL,
          closed_at_ms   INTEGER,
          succeeded      INTEGER
        ) STRICT;
        CREATE INDEX uploads_open ON uploads (device_id) WHERE closed_at_ms IS NULL;
      `,
    },
  ]);
}
