import { closeSync, openSync } from 'node:fs';
import Database from 'better-sqlite3';
import { GatewayError } from './errors.ts';
import './node-guard.ts';

export type { Database } from 'better-sqlite3';

type Handle = Database.Database;

export class DatabaseError extends GatewayError<'PRAGMA_REFUSED' | 'SCHEMA_TOO_NEW' | 'SCHEMA_TOO_OLD'> {}

/** One step of a schema: `version` = major × 1000 + minor, rising. A release only adds against the one before. */
export interface Migration {
  readonly version: number;
  readonly sql: string;
}

/**
 * Opens a database that must lose nothing: WAL, `synchronous=FULL`; a new one can give the space of what was deleted
 * back to the disk (`incremental_vacuum`), which has to be chosen before its first table. better-sqlite3 quietly lowers `synchronous` to
 * NORMAL once WAL is set, so every pragma is read back and opening fails when one differs.
 */
export function openStore(path: string, migrations: readonly Migration[]): Handle {
  closeSync(openSync(path, 'a', 0o600));
  const db = new Database(path);
  return orClose(db, () => {
    if (readPragma(db, 'page_count') === 0) db.pragma('auto_vacuum = incremental');
    setPragmas(db, { journal_mode: 'wal', synchronous: 2, ...hardening });
    migrate(db, migrations);
  });
}

/**
 * A second, read-only connection to a store that another thread or process writes. With the `migrations` that are known,
 * one that a newer major release wrote is refused, and one that still lacks some of them: it is being made, or waits for
 * the first start of this release.
 */
export function openReader(path: string, migrations?: readonly Migration[]): Handle {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  return orClose(db, () => {
    setPragmas(db, { synchronous: 2, ...hardening });
    if (migrations) refuseOlder(refuseNewer(db, migrations), migrations);
  });
}

/**
 * Opens a private file that is built once: no journal, since a killed build is thrown away. `journal_mode=OFF` needs
 * unsafe mode, and is silently ignored without it.
 */
export function openBuild(
  path: string,
  identity: { readonly applicationId: number; readonly version: number },
): Handle {
  const db = new Database(path);
  return orClose(db, () => {
    db.unsafeMode(true);
    setPragmas(db, {
      page_size: 16384,
      journal_mode: 'off',
      locking_mode: 'exclusive',
      synchronous: 2,
      ...hardening,
      application_id: identity.applicationId,
      user_version: identity.version,
    });
  });
}

/** Opens a finished file read-only, as hostile until proved: nothing in its schema may run a function. */
export function openSealed(path: string): Handle {
  const db = new Database(path, { readonly: true, fileMustExist: true });
  return orClose(db, () => setPragmas(db, { synchronous: 2, query_only: 1, ...hardening }));
}

/** What the pragmas of an open handle say, for the test that every database of the product is FULL. */
export function readPragma(db: Handle, name: string): unknown {
  return db.pragma(name, { simple: true });
}

/** `temp_store`: what a savepoint keeps to go back to would else be written into the system's temporary folder. */
const hardening = { temp_store: 2, secure_delete: 1, trusted_schema: 0, cell_size_check: 1 } as const;

function setPragmas(db: Handle, wanted: Readonly<Record<string, string | number>>): void {
  for (const [name, value] of Object.entries(wanted)) {
    db.pragma(`${name} = ${value}`);
    const found = readPragma(db, name);
    if (found !== value) {
      throw new DatabaseError('PRAGMA_REFUSED', `expected ${name} = ${value}, SQLite answered ${String(found)}`, {
        hint: 'The database would not be durable, so it is not used. Check the file system and the SQLite build.',
      });
    }
  }
}

/** The version found. Throws SCHEMA_TOO_NEW. */
function refuseNewer(db: Handle, migrations: readonly Migration[]): number {
  const found = Number(readPragma(db, 'user_version'));
  const newest = migrations.at(-1)?.version ?? 0;
  if (Math.floor(found / 1000) > Math.floor(newest / 1000)) {
    throw new DatabaseError('SCHEMA_TOO_NEW', `the database has schema ${found}, this release knows up to ${newest}`, {
      hint: 'A newer release wrote it. Start that release again; no data was changed.',
    });
  }
  return found;
}

/** Throws SCHEMA_TOO_OLD for a version that lacks what this release reads. */
function refuseOlder(found: number, migrations: readonly Migration[]): void {
  const newest = migrations.at(-1)?.version ?? 0;
  if (found >= newest) return;
  throw new DatabaseError('SCHEMA_TOO_OLD', `the database has schema ${found}, this release reads ${newest}`, {
    hint: 'The appliance brings it up to date when it starts. Start it, or wait a moment if it is starting now.',
  });
}

/** All that is missing is one transaction: whoever reads meanwhile finds the schema of before, or the newest. */
function migrate(db: Handle, migrations: readonly Migration[]): void {
  const missing = (found: number) => migrations.filter(({ version }) => version > found);
  if (missing(refuseNewer(db, migrations)).length === 0) return;
  const run = db.transaction(() => {
    for (const { version, sql } of missing(refuseNewer(db, migrations))) {
      db.exec(sql);
      db.pragma(`user_version = ${version}`);
    }
  });
  run.immediate();
}

function orClose(db: Handle, prepare: () => void): Handle {
  try {
    prepare();
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
