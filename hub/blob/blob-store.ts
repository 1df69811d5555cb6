import { join } from 'node:path';
import type { Clock } from '../../core/clock.ts';
import { type Database, openStore } from '../../core/database.ts';
import { describe, type Log } from '../../core/log.ts';
import { BlockFiles, type WrittenFile } from './block-files.ts';
import { BlobError } from './errors.ts';
import { type BlockRow, blobMigrations } from './schema.ts';
import { type Blob, type BlobProperties, BlobTables } from './tables.ts';
import type { BlockReference, ListedBlock } from './xml.ts';

/** Looks at the blob that is there, if any, and throws when the write may not go on. */
export type WriteCheck = (current: Blob | undefined) => void;

/**
 * Block blobs on disk. A block is on disk when `stage` returns and a blob when `commit` does; a crash at any moment
 * leaves what was before or what is after, and files that belong to nothing, which `sweep` removes.
 */
export class BlobStore {
  readonly database: Database;
  readonly files: BlockFiles;
  readonly #tables: BlobTables;
  readonly #clock: Clock;
  readonly #log: Log;

  static async open(deps: { readonly folder: string; readonly clock: Clock; readonly log: Log }): Promise<BlobStore> {
    const files = await BlockFiles.open(join(deps.folder, 'blocks'));
    return new BlobStore({ ...deps, files, database: openStore(join(deps.folder, 'blobs.db'), blobMigrations) });
  }

  constructor(deps: {
    readonly database: Database;
    readonly files: BlockFiles;
    readonly clock: Clock;
    readonly log: Log;
  }) {
    this.database = deps.database;
    this.files = deps.files;
    this.#tables = new BlobTables(deps.database);
    this.#clock = deps.clock;
    this.#log = deps.log;
  }

  close(): void {
    this.database.close();
  }

  find(name: string): Blob | undefined {
    return this.#tables.find(name);
  }

  /** The files of a committed blob, in order. */
  chain(name: string): readonly { readonly file: string; readonly bytes: number }[] {
    return this.#tables.committed(name);
  }

  committedBlocks(name: string): readonly ListedBlock[] {
    return this.#tables.committed(name).map(listed);
  }

  uncommittedBlocks(name: string): readonly ListedBlock[] {
    return this.#tables.uncommitted(name).map(listed);
  }

  /**
   * Forgets of a blob what has lost its bytes on disk, so that nobody counts on it: a device stages a lost block again,
   * and a lost blob is not there, instead of breaking off whenever it is read. Before every answer about a blob.
   */
  async inspect(name: string): Promise<void> {
    const lost = await this.files.lost([...this.#tables.uncommitted(name), ...this.#tables.committed(name)]);
    if (lost.length === 0) return;
    const { blocks, blobs } = await this.#change(() => this.#tables.forget(name, new Set(lost)));
    if (blocks + blobs > 0) this.#log.error({ event: 'blob-bytes-lost', blocks, blobs });
  }

  /** Adds a written block to those waiting for a commit; one with the same id is replaced. */
  async stage(name: string, blockId: string, written: WrittenFile): Promise<void> {
    await this.#keeping(written, () => ({
      orphans: this.#tables.stage(name, blockId, written, this.#clock.now()),
    }));
  }

  /** Makes a blob of staged and earlier blocks, in the order of the list. What was staged and not listed is dropped. */
  async commit(
    name: string,
    list: readonly BlockReference[],
    properties: BlobProperties,
    check: WriteCheck,
  ): Promise<Blob> {
    await this.inspect(name);
    const { blob } = await this.#change(() => {
      check(this.find(name));
      const staged = byId(this.#tables.uncommitted(name));
      const earlier = byId(this.#tables.committed(name));
      const blocks = list.map((reference) => pick(reference, staged, earlier));
      return this.#tables.replace(name, blocks, properties, this.#clock.now());
    });
    return blob;
  }

  /** Makes a blob of one written file. */
  async put(name: string, written: WrittenFile, properties: BlobProperties, check: WriteCheck): Promise<Blob> {
    const { blob } = await this.#keeping(written, () => {
      check(this.find(name));
      const block = { block_id: '', file: written.file, bytes: written.bytes };
      return this.#tables.replace(name, [block], properties, this.#clock.now());
    });
    return blob;
  }

  async remove(name: string, check: WriteCheck): Promise<void> {
    await this.#change(() => {
      const current = this.find(name);
      if (!current) throw new BlobError('BlobNotFound');
      check(current);
      return { orphans: this.#tables.remove(name) };
    });
  }

  /** Drops the staged blocks of blobs for which nothing was staged since `before`; returns how many files went. */
  async collectAbandoned(before: Date): Promise<number> {
    const { orphans } = await this.#change(() => ({ orphans: this.#tables.dropAbandoned(before) }));
    return orphans.length;
  }

  /** Removes the blobs that were committed before `before`; returns how many files went. */
  async collectOld(before: Date): Promise<number> {
    const { orphans } = await this.#change(() => ({ orphans: this.#tables.dropOld(before) }));
    return orphans.length;
  }

  /** Removes files that no blob names: what a killed request left. Returns how many there were. */
  async sweep(): Promise<number> {
    const named = new Set(this.#tables.files());
    return this.files.sweep((file) => named.has(file));
  }

  /** A change that takes over a written file, or removes it when the change is refused. */
  async #keeping<T extends { readonly orphans: readonly string[] }>(written: WrittenFile, change: () => T): Promise<T> {
    try {
      return await this.#change(change);
    } catch (error) {
      await this.#discard([written.file]);
      throw error;
    }
  }

  /** One transaction; once it is durable, the files that it left without a name are removed. */
  async #change<T extends { readonly orphans: readonly string[] }>(change: () => T): Promise<T> {
    const changed = this.database.transaction(change).immediate();
    await this.#discard(changed.orphans);
    return changed;
  }

  async #discard(files: readonly string[]): Promise<void> {
    try {
      await this.files.remove(files);
    } catch (error) {
      this.#log.warn({ event: 'block-file-not-removed', ...describe(error) });
    }
  }
}

function byId(blocks: readonly BlockRow[]): ReadonlyMap<string, BlockRow> {
  return new Map(blocks.map((block) => [block.block_id, block]));
}

function pick(
  { from, blockId }: BlockReference,
  staged: ReadonlyMap<string, BlockRow>,
  earlier: ReadonlyMap<string, BlockRow>,
): BlockRow {
  const found =
    (from === 'committed' ? undefined : staged.get(blockId)) ??
    (from === 'uncommitted' ? undefined : earlier.get(blockId));
  if (!found) throw new BlobError('InvalidBlockList');
  return found;
}

function listed({ block_id, bytes }: BlockRow): ListedBlock {
  return { blockId: block_id, bytes };
}
