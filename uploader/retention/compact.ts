import type { Database } from '../../core/database.ts';

/**
 * Folds the write-ahead log into the database and empties it. What was deleted is zeroed in the pages (`secure_delete`);
 * older copies of those pages are in the log until this.
 */
export function compact(db: Database): void {
  db.pragma('wal_checkpoint(TRUNCATE)');
}
