import { type Database, openSealed } from '../core/database.ts';
import { archiveIdSchema, tierSchema } from '../protocol/ids.ts';
import { ArchiveError, asArchiveFault } from './archive-error.ts';
import { checkFileHeader } from './file-header.ts';
import { type ArchiveIdentity, formatName, maxChunkBytes, maxIndexBytes, maxSealedBytes, schema } from './format.ts';

/** An archive file opened read-only, its outside proved: header, tables, identity, chunk numbers and sizes. No key. */
export interface Container extends ArchiveIdentity {
  readonly db: Database;
  readonly chunks: number;
  /** By its version; the index has to agree. */
  readonly isDelta: boolean;
}

/**
 * Opens an archive file as hostile until proved. Nothing of unknown size is fetched: texts and blobs are measured
 * inside SQLite first. Throws an ArchiveError; the file is closed then.
 */
export function openContainer(path: string, limits: { readonly maxChunks: number }): Container {
  const { isDelta } = checkFileHeader(path);
  try {
    const db = openSealed(path);
    try {
      checkSchema(db);
      return { db, ...readIdentity(db), chunks: countChunks(db, limits.maxChunks), isDelta };
    } catch (error) {
      db.close();
      throw error;
    }
  } catch (error) {
    throw asArchiveFault(error);
  }
}

/** The tables are the format's to the letter: no trigger, view, index or further table. */
function checkSchema(db: Database): void {
  const total = db.prepare('SELECT count(*) FROM sqlite_schema').pluck().get();
  const found = db
    .prepare(
      `SELECT type, name, tbl_name AS owner, sql FROM sqlite_schema
       WHERE octet_length(type) + octet_length(name) + octet_length(tbl_name) + octet_length(sql) < 1000
       ORDER BY rowid LIMIT 3`,
    )
    .all();
  const wanted = schema.map(({ name, sql }) => ({ type: 'table', name, owner: name, sql }));
  if (total !== wanted.length || JSON.stringify(found) !== JSON.stringify(wanted)) {
    throw new ArchiveError('SCHEMA_DIFFERS', 'its tables are not those of the format', {
      hint: 'Only an appliance writes archives. Do not open this file with anything else.',
    });
  }
}

function readIdentity(db: Database): ArchiveIdentity {
  const rows = db
    .prepare(
      `SELECT format, archive_id AS archiveId, tier FROM archive
       WHERE octet_length(format) + octet_length(archive_id) + octet_length(tier) < 1000 LIMIT 2`,
    )
    .all() as { format: unknown; archiveId: unknown; tier: unknown }[];
  const total = db.prepare('SELECT count(*) FROM archive').pluck().get();
  const [row] = rows;
  if (total !== 1 || row === undefined) throw new ArchiveError('DAMAGED', 'it does not say once which archive it is');
  const archiveId = archiveIdSchema.safeParse(row.archiveId);
  const tier = tierSchema.safeParse(row.tier);
  if (row.format !== formatName || !archiveId.success || !tier.success) {
    throw new ArchiveError('DAMAGED', 'it does not say which archive of which tier it is');
  }
  return { archiveId: archiveId.data, tier: tier.data };
}

/** Chunk numbers are 0…n−1 without a gap, data chunks and index within their sizes. */
function countChunks(db: Database, maxChunks: number): number {
  const { chunks, first, last } = db
    .prepare('SELECT count(*) AS chunks, min(n) AS first, max(n) AS last FROM chunk')
    .get() as { chunks: number; first: number | null; last: number | null };
  if (chunks > maxChunks) throw new ArchiveError('LIMIT_EXCEEDED', `${chunks} chunks are more than ${maxChunks}`);
  if (chunks === 0 || first !== 0 || last !== chunks - 1) {
    throw new ArchiveError('DAMAGED', `its ${chunks} chunks are not numbered without a gap from 0`);
  }
  const oversized = db
    .prepare('SELECT count(*) FROM chunk WHERE octet_length(sealed) > iif(n = ?, ?, ?)')
    .pluck()
    .get(last, maxSealedBytes(maxIndexBytes), maxSealedBytes(maxChunkBytes));
  if (oversized !== 0) throw new ArchiveError('LIMIT_EXCEEDED', `${String(oversized)} chunks are larger than allowed`);
  return chunks;
}
