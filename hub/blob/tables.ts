import { randomBytes } from 'node:crypto';
import type { Database } from '../../core/database.ts';
import type { WrittenFile } from './block-files.ts';
import type { Validators } from './conditions.ts';
import { BlobError } from './errors.ts';
import type { BlobRow, BlockRow } from './schema.ts';

/** What a writer says of a blob's content: HTTP headers by name, and free `x-ms-meta-` pairs. */
export interface BlobProperties {
  readonly headers: Readonly<Record<string, string>>;
  readonly metadata: Readonly<Record<string, string>>;
}

/** A committed blob. */
export interface Blob extends Validators, BlobProperties {
  readonly name: string;
  readonly bytes: number;
  readonly createdAt: Date;
}

/** Most blocks that may be staged for one blob. */
const maxUncommittedBlocks = 100_000;

/** The rows of blobs and blocks. What changes rows returns the files that no row names any more. */
export class BlobTables {
  readonly #db: Database;

  constructor(db: Database) {
    this.#db = db;
  }

  find(name: string): Blob | undefined {
    const row = this.#db.prepare('SELECT * FROM blobs WHERE name = ?').get(name);
    return row === undefined ? undefined : readBlob(row as BlobRow);
  }

  committed(name: string): readonly BlockRow[] {
    return this.#db.prepare('SELECT * FROM committed WHERE blob = ? ORDER BY position').all(name) as BlockRow[];
  }

  uncommitted(name: string): readonly BlockRow[] {
    return this.#db.prepare('SELECT * FROM uncommitted WHERE blob = ? ORDER BY block_id').all(name) as BlockRow[];
  }

  files(): readonly string[] {
    const rows = this.#db.prepare('SELECT file FROM committed UNION SELECT file FROM uncommitted').all();
    return (rows as { file: string }[]).map(({ file }) => file);
  }

  stage(name: string, blockId: string, { file, bytes }: WrittenFile, now: Date): readonly string[] {
    const { sample, count } = this.#db
      .prepare('SELECT min(block_id) AS sample, count(*) AS count FROM uncommitted WHERE blob = ?')
      .get(name) as { sample: string | null; count: number };
    if (sample !== null && sample.length !== blockId.length) throw new BlobError('InvalidBlobOrBlock');
    if (count >= maxUncommittedBlocks) throw new BlobError('BlockCountExceedsLimit');
    const replaced = this.#db
      .prepare('SELECT file FROM uncommitted WHERE blob = ? AND block_id = ?')
      .all(name, blockId) as { file: string }[];
    this.#db
      .prepare('INSERT OR REPLACE INTO uncommitted VALUES (?, ?, ?, ?, ?)')
      .run(name, blockId, file, bytes, now.getTime());
    return replaced.map((each) => each.file);
  }

  /** Makes a blob of these blocks, whatever there was before. */
  replace(
    name: string,
    blocks: readonly BlockRow[],
    properties: BlobProperties,
    now: Date,
  ): { readonly blob: Blob; readonly orphans: readonly string[] } {
    const createdAt = this.find(name)?.createdAt ?? now;
    const before = this.#clear(name);
    const insert = this.#db.prepare('INSERT INTO committed VALUES (?, ?, ?, ?, ?)');
    blocks.forEach((block, position) => {
      insert.run(name, position, block.block_id, block.file, block.bytes);
    });
    const bytes = blocks.reduce((sum, block) => sum + block.bytes, 0);
    const blob: Blob = { name, etag: newEtag(), bytes, createdAt, modifiedAt: now, ...properties };
    this.#insert(blob);
    const kept = new Set(blocks.map(({ file }) => file));
    return { blob, orphans: before.filter((file) => !kept.has(file)) };
  }

  remove(name: string): readonly string[] {
    this.#db.prepare('DELETE FROM blobs WHERE name = ?').run(name);
    return this.#clear(name);
  }

  /** Drops the staged blocks of blobs for which nothing was staged since `before`. */
  dropAbandoned(before: Date): readonly string[] {
    const abandoned = this.#db
      .prepare('SELECT blob FROM uncommitted GROUP BY blob HAVING max(staged_at_ms) < ?')
      .all(before.getTime()) as { blob: string }[];
    return abandoned.flatMap(({ blob }) => {
      const files = this.uncommitted(blob).map(({ file }) => file);
      this.#db.prepare('DELETE FROM uncommitted WHERE blob = ?').run(blob);
      return files;
    });
  }

  /** Removes the blobs that were committed before `before`. */
  dropOld(before: Date): readonly string[] {
    const old = this.#db.prepare('SELECT name FROM blobs WHERE modified_at < ?').all(before.toISOString());
    return (old as { name: string }[]).flatMap(({ name }) => this.remove(name));
  }

  /**
   * Forgets what has lost its bytes: staged blocks one by one, a committed blob as a whole. Returns how many blocks and
   * blobs that were.
   */
  forget(name: string, lost: ReadonlySet<string>) {
    const staged = this.uncommitted(name).filter(({ file }) => lost.has(file));
    for (const { file } of staged) {
      this.#db.prepare('DELETE FROM uncommitted WHERE blob = ? AND file = ?').run(name, file);
    }
    const chain = this.committed(name).map(({ file }) => file);
    const isBroken = chain.some((file) => lost.has(file));
    if (isBroken) {
      this.#db.prepare('DELETE FROM blobs WHERE name = ?').run(name);
      this.#db.prepare('DELETE FROM committed WHERE blob = ?').run(name);
    }
    const orphans = [...staged.map(({ file }) => file), ...(isBroken ? new Set(chain) : [])];
    return { blocks: staged.length, blobs: isBroken ? 1 : 0, orphans };
  }

  #insert(blob: Blob): void {
    this.#db
      .prepare('INSERT OR REPLACE INTO blobs VALUES (?, ?, ?, ?, ?, ?, ?)')
      .run(
        blob.name,
        blob.etag,
        blob.bytes,
        blob.createdAt.toISOString(),
        blob.modifiedAt.toISOString(),
        JSON.stringify(blob.headers),
        JSON.stringify(blob.metadata),
      );
  }

  #clear(name: string): readonly string[] {
    const files = [...this.committed(name), ...this.uncommitted(name)].map(({ file }) => file);
    this.#db.prepare('DELETE FROM committed WHERE blob = ?').run(name);
    this.#db.prepare('DELETE FROM uncommitted WHERE blob = ?').run(name);
    return [...new Set(files)];
  }
}

function readBlob(row: BlobRow): Blob {
  return {
    name: row.name,
    etag: row.etag,
    bytes: row.bytes,
    createdAt: new Date(row.created_at),
    modifiedAt: new Date(row.modified_at),
    headers: JSON.parse(row.headers) as Record<string, string>,
    metadata: JSON.parse(row.metadata) as Record<string, string>,
  };
}

function newEtag(): string {
  return `"0x${randomBytes(8).toString('hex').toUpperCase()}"`;
}
