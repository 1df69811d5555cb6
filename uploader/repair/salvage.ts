import { type Database, openReader } from '../../core/database.ts';
import { codeOf } from '../../core/errors.ts';
import { isDamage } from '../ledger-error.ts';
import { ledgerMigrations } from '../ledger-schema.ts';

/** `forgetful`: the file is sound, but cases were sealed that it does not know (a lost write-ahead log, an old copy). */
export type LedgerHealth = 'sound' | 'damaged' | 'missing' | 'forgetful';

/** What a table gave, and whether all of it could be read. */
export interface SalvagedTable {
  readonly table: string;
  readonly rows: number;
  readonly isWhole: boolean;
}

/** Rights to write, and uploads on the way: worth nothing to a ledger that begins its uploads anew. */
const leftBehind = new Set(['tickets', 'blocks', 'item_tickets', 'repairs']);

/** Whether SQLite finds the file whole: every page, and every row's parent. */
export function isSound(path: string): boolean {
  try {
    const db = openReader(path);
    try {
      return db.pragma('quick_check', { simple: true }) === 'ok' && (db.pragma('foreign_key_check') as []).length === 0;
    } finally {
      db.close();
    }
  } catch (error) {
    if (isDamage(codeOf(error) ?? '')) return false;
    throw error;
  }
}

/** The cases of a sound ledger that have archives, and those that were withdrawn, whichever release of this major version wrote it. */
export function knownCases(path: string): Readonly<Record<'sealed' | 'withdrawn', ReadonlySet<string>>> {
  let db: Database;
  try {
    db = openReader(path, ledgerMigrations.slice(0, 1));
  } catch (error) {
    // Somebody made the file, and nothing in it.
    if (codeOf(error) === 'SCHEMA_TOO_OLD') return { sealed: new Set(), withdrawn: new Set() };
    throw error;
  }
  const ids = (sql: string) => new Set(db.prepare(sql).pluck().all() as string[]);
  try {
    return {
      sealed: ids('SELECT DISTINCT case_id FROM archives'),
      withdrawn: ids("SELECT case_id FROM cases WHERE stage = 'withdrawn'"),
    };
  } finally {
    db.close();
  }
}

/**
 * Copies every row that can still be read into a ledger of the newest schema, from both ends of each table, since a
 * damaged page hides what lies behind it. A damaged file gives what it gives; this never fails for it.
 */
export function salvage(from: string, into: Database): readonly SalvagedTable[] {
  let db: Database;
  try {
    db = openReader(from);
  } catch {
    return [];
  }
  try {
    return tablesOf(into)
      .filter((table) => !leftBehind.has(table))
      .map((table) => copyTable(db, into, table));
  } finally {
    db.close();
  }
}

function tablesOf(db: Database): string[] {
  const names = db.prepare("SELECT name FROM sqlite_schema WHERE type = 'table' AND name NOT LIKE 'sqlite_%'");
  return names.pluck().all() as string[];
}

function copyTable(from: Database, into: Database, table: string): SalvagedTable {
  const before = rowsOf(into, table);
  let isWhole = false;
  try {
    const theirs = columnsOf(from, table);
    const columns = columnsOf(into, table).filter((name) => theirs.includes(name));
    if (columns.length === 0) return { table, rows: 0, isWhole: theirs.length === 0 };
    const list = columns.map((name) => `"${name}"`).join(', ');
    const places = columns.map(() => '?').join(', ');
    const insert = into.prepare(`INSERT OR REPLACE INTO "${table}" (${list}) VALUES (${places})`);
    const copy = (order: string) => {
      for (const row of from.prepare(`SELECT ${list} FROM "${table}" ${order}`).raw().iterate()) {
        insert.run(...(row as unknown[]));
      }
    };
    isWhole = untilDamage(() => copy(''));
    if (!isWhole) untilDamage(() => copy(`ORDER BY ${keyOf(from, table)} DESC`));
  } catch (error) {
    if (!isDamage(codeOf(error) ?? '')) throw error;
  }
  return { table, rows: rowsOf(into, table) - before, isWhole };
}

/** True when it ran to its end. */
function untilDamage(copy: () => void): boolean {
  try {
    copy();
    return true;
  } catch (error) {
    if (isDamage(codeOf(error) ?? '') || String(codeOf(error)).startsWith('SQLITE_CONSTRAINT')) return false;
    throw error;
  }
}

interface Column {
  readonly name: string;
  readonly pk: number;
}

function columnsOf(db: Database, table: string): string[] {
  return (db.pragma(`table_info("${table}")`) as Column[]).map(({ name }) => name);
}

function keyOf(db: Database, table: string): string {
  const columns = (db.pragma(`table_info("${table}")`) as Column[]).filter(({ pk }) => pk > 0);
  return columns.length === 0
    ? 'rowid'
    : columns
        .map(({ name }) => `"${name}" DESC`)
        .join(', ')
        .replace(/ DESC$/, '');
}

function rowsOf(db: Database, table: string): number {
  return db.prepare(`SELECT count(*) FROM "${table}"`).pluck().get() as number;
}
