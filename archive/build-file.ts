import { randomBytes } from 'node:crypto';
import { fstatSync } from 'node:fs';
import { type FileHandle, open } from 'node:fs/promises';
import { type Database, openBuild } from '../core/database.ts';
import { partialSuffix, renameDurable, unlinkDurable } from '../core/files.ts';
import { type ArchiveIdentity, applicationId, formatName, schemaSql } from './format.ts';

/** So little is unwritten at any time that no fsync takes long: a gate that closes waits for one at most. */
const flushBytes = 8 << 20;
/** SQLite keeps at most this much back before it writes: what the commit has left to do. */
const cacheKib = 2048;

/**
 * The file that an archive is built in, under a private name: one transaction without a journal, since a killed build
 * is thrown away. Each byte is written once. A second descriptor flushes: it is closed only after SQLite has closed,
 * because closing any descriptor of a file drops the locks that SQLite holds on it.
 */
export class BuildFile {
  readonly path: string;
  readonly #handle: FileHandle;
  readonly #db: Database;
  readonly #insert: (n: number, sealed: Uint8Array) => void;
  #flushedBytes = 0;
  #flushing: Promise<void> = Promise.resolve();

  /** Creates the file beside its final `path`, of that format version, and writes what is in clear. */
  static async create(path: string, identity: ArchiveIdentity, version: number): Promise<BuildFile> {
    const partial = `${path}.${randomBytes(6).toString('hex')}${partialSuffix}`;
    const handle = await open(partial, 'wx', 0o600);
    try {
      return new BuildFile(partial, handle, beginBuild(partial, identity, version));
    } catch (error) {
      await handle.close();
      unlinkDurable(partial);
      throw error;
    }
  }

  private constructor(path: string, handle: FileHandle, db: Database) {
    this.path = path;
    this.#handle = handle;
    this.#db = db;
    const insert = db.prepare('INSERT INTO chunk (n, sealed) VALUES (?, ?)');
    this.#insert = (n, sealed) => insert.run(n, sealed);
  }

  insert(n: number, sealed: Uint8Array): void {
    this.#insert(n, sealed);
  }

  /** True when the file has grown by 8 MiB since the last flush began. */
  get isFlushDue(): boolean {
    return fstatSync(this.#handle.fd).size - this.#flushedBytes >= flushBytes;
  }

  /** Begins to flush what was written so far, once an earlier flush has ended; others may work meanwhile. */
  async flush(): Promise<void> {
    await this.#flushing;
    this.#flushedBytes = fstatSync(this.#handle.fd).size;
    this.#flushing = this.#handle.datasync();
    // Whoever waits next is told.
    this.#flushing.catch(() => {});
  }

  /** Resolves when no flush is under way. */
  flushed(): Promise<void> {
    return this.#flushing;
  }

  /** Commits; nothing can be inserted any more. */
  async commit(): Promise<void> {
    await this.#flushing;
    this.#db.exec('COMMIT');
    this.#db.close();
    this.#flushing = this.#handle.sync();
    this.#flushing.catch(() => {});
  }

  /** Waits until the committed file is durable under its private name. */
  async settle(): Promise<void> {
    await this.#flushing;
    await this.#handle.close();
  }

  /** Gives the finished file its name, durably. */
  place(path: string): void {
    renameDurable(this.path, path);
  }

  /** Takes everything back, at whatever point the build has failed. */
  async discard(): Promise<void> {
    await this.#flushing.catch(() => {});
    this.#db.close();
    await this.#handle.close();
    unlinkDurable(this.path);
  }
}

function beginBuild(path: string, { archiveId, tier }: ArchiveIdentity, version: number): Database {
  const db = openBuild(path, { applicationId, version });
  try {
    db.pragma(`cache_size = -${cacheKib}`);
    db.exec(`BEGIN; ${schemaSql}`);
    db.prepare('INSERT INTO archive (format, archive_id, tier) VALUES (?, ?, ?)').run(formatName, archiveId, tier);
    return db;
  } catch (error) {
    db.close();
    throw error;
  }
}
