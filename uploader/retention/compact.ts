import type { Database } from '../../core/database.ts';

/** So many empty pages (4 KiB) are given back at a time, so that what waits for the ledger waits for moments. */
const pagesAtOnce = 2048;

/**
 * Gives empty pages back to the disk (a store that an earlier release made keeps them, for what comes next), folds the
 * write-ahead log into the database and empties it. What was deleted is zeroed in the pages (`secure_delete`);
 * older copies of those pages are in the log until this.
 */
export function compact(db: Database): void {
  db.pragma(`incremental_vacuum(${pagesAtOnce})`);
  db.pragma('wal_checkpoint(TRUNCATE)');
}
