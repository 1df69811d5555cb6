import type { Migration } from '../../core/database.ts';

/**
 * A committed blob is an ordered list of block files; nothing is copied to commit it. A file belongs to the blobs that
 * name it, and to none when no row does: then it is a leftover of a killed request.
 */
export const blobMigrations: readonly Migration[] = [
  {
    version: 1000,
    sql: `
      CREATE TABLE blobs (
        name        TEXT PRIMARY KEY,
        etag        TEXT NOT NULL,
        bytes       INTEGER NOT NULL,
        created_at  TEXT NOT NULL,
        modified_at TEXT NOT NULL,
        headers     TEXT NOT NULL,
        metadata    TEXT NOT NULL
      ) STRICT;
      CREATE TABLE committed (
        blob     TEXT NOT NULL,
        position INTEGER NOT NULL,
        block_id TEXT NOT NULL,
        file     TEXT NOT NULL,
        bytes    INTEGER NOT NULL,
        PRIMARY KEY (blob, position)
      ) STRICT, WITHOUT ROWID;
      CREATE TABLE uncommitted (
        blob         TEXT NOT NULL,
        block_id     TEXT NOT NULL,
        file         TEXT NOT NULL,
        bytes        INTEGER NOT NULL,
        staged_at_ms INTEGER NOT NULL,
        PRIMARY KEY (blob, block_id)
      ) STRICT, WITHOUT ROWID;
    `,
  },
];

export interface BlobRow {
  readonly name: string;
  readonly etag: string;
  readonly bytes: number;
  readonly created_at: string;
  readonly modified_at: string;
  readonly headers: string;
  readonly metadata: string;
}

export interface BlockRow {
  readonly block_id: string;
  readonly file: string;
  readonly bytes: number;
}
