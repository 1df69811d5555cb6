import { createHash } from 'node:crypto';
import type { Database } from '../core/database.ts';
import { type Envelope, type RecipientKey, open as unwrap } from '../core/envelope.ts';
import { codeOf } from '../core/errors.ts';
import type { Tier } from '../protocol/ids.ts';
import { ArchiveError, asArchiveFault } from './archive-error.ts';
import { openChunk } from './chunk.ts';
import { type Container, openContainer } from './container.ts';
import { type ArchiveEntry, type Contents, decodeContents, type UnchangedEntry } from './contents.ts';
import { keyBytes, keysPathOf, maxChunkBytes, maxIndexBytes } from './format.ts';
import { readKeysFile } from './keys-file.ts';

/** An opened archive. Chunks are decrypted one at a time; the last one is kept, since small files share chunks. */
export interface ArchiveReader {
  readonly archiveId: string;
  readonly tier: Tier;
  readonly chunks: number;
  readonly files: readonly ArchiveEntry[];
  /** Of a delta: the whole archive that it stands on. Alone, a delta is not the study: see `wholeOf`. */
  readonly base?: string;
  /** Of a delta: the files that are as they were in its base. */
  readonly unchanged: readonly UnchangedEntry[];
  /**
   * The plaintext of one file in pieces of at most 1 MiB. Each chunk's tag is verified before its bytes come, the
   * file's SHA-256 after the last: whoever keeps the bytes keeps them only if the iteration ends without an error.
   * Throws FILE_MISSING, DAMAGED or LIMIT_EXCEEDED.
   */
  read(name: string): AsyncIterable<Uint8Array>;
  /** Closes the file and forgets the data key. */
  close(): void;
  [Symbol.dispose](): void;
}

/** Far above any case (64 GiB of plaintext): the file's own length bounds what is read. */
const maxChunks = 65_536;

/**
 * Opens an archive with the key of one recipient: proves its outside, unwraps the data key, opens the index. Reads no
 * file yet. `envelope` is for a receiver, which has it from the manifest; without it the sidecar beside is read.
 */
export async function openArchive(path: string, key: RecipientKey, envelope?: Envelope): Promise<ArchiveReader> {
  const container = openContainer(path, { maxChunks });
  try {
    const dataKey = await unwrapKey(envelope ?? keysBeside(path, container), key);
    return new SealedReader(container, dataKey);
  } catch (error) {
    container.db.close();
    throw asArchiveFault(error);
  }
}

function keysBeside(path: string, container: Container): Envelope {
  const { archiveId, keys } = readKeysFile(keysPathOf(path));
  if (archiveId !== container.archiveId) throw new ArchiveError('DAMAGED', 'the keys beside it are of another archive');
  return keys;
}

async function unwrapKey(envelope: Envelope, key: RecipientKey): Promise<Uint8Array> {
  let dataKey: Uint8Array;
  try {
    dataKey = await unwrap(envelope, key);
  } catch (cause) {
    if (codeOf(cause) !== 'NOT_A_RECIPIENT') throw cause;
    throw new ArchiveError('NOT_A_RECIPIENT', 'the archive was not sealed for this key', {
      hint: 'Open it with the key of one of its recipients.',
      cause,
    });
  }
  if (dataKey.length !== keyBytes) throw new ArchiveError('DAMAGED', 'what the keys wrap is not a data key');
  return dataKey;
}

class SealedReader implements ArchiveReader {
  readonly archiveId: string;
  readonly tier: Tier;
  readonly chunks: number;
  readonly isDelta: boolean;
  readonly files: readonly ArchiveEntry[];
  readonly base?: string;
  readonly unchanged: readonly UnchangedEntry[];
  readonly #db: Database;
  readonly #dataKey: Uint8Array;
  readonly #fetch: (n: number) => unknown;
  readonly #byName: ReadonlyMap<string, ArchiveEntry>;
  #kept: { readonly n: number; readonly plain: Buffer } | undefined;

  constructor(container: Container, dataKey: Uint8Array) {
    this.archiveId = container.archiveId;
    this.tier = container.tier;
    this.chunks = container.chunks;
    this.isDelta = container.isDelta;
    this.#db = container.db;
    this.#dataKey = dataKey;
    const fetch = this.#db.prepare('SELECT sealed FROM chunk WHERE n = ?').pluck();
    this.#fetch = (n) => fetch.get(n);
    const { files, base, unchanged = [] } = this.#readContents();
    this.files = files;
    this.unchanged = unchanged;
    if (base !== undefined) this.base = base;
    this.#byName = new Map(this.files.map((file) => [file.name, file]));
  }

  async *read(name: string): AsyncGenerator<Uint8Array, void, undefined> {
    const entry = this.#byName.get(name);
    if (entry === undefined) throw new ArchiveError('FILE_MISSING', 'the archive has no file of that name');
    const hash = createHash('sha256');
    for (const [n, offset, length] of entry.places) {
      const plain = this.#chunk(n);
      if (offset + length > plain.length)
        throw new ArchiveError('DAMAGED', `chunk ${n} is shorter than the index says`);
      const piece = Buffer.from(plain.subarray(offset, offset + length));
      hash.update(piece);
      yield piece;
    }
    if (hash.digest('hex') !== entry.sha256) throw new ArchiveError('DAMAGED', 'the SHA-256 of a file differs');
  }

  close(): void {
    this.#dataKey.fill(0);
    this.#kept = undefined;
    this.#db.close();
  }

  [Symbol.dispose](): void {
    this.close();
  }

  #readContents(): Contents {
    return decodeContents(this.#open(this.chunks - 1, maxIndexBytes), this);
  }

  #chunk(n: number): Buffer {
    if (this.#kept?.n !== n) this.#kept = { n, plain: this.#open(n, maxChunkBytes) };
    return this.#kept.plain;
  }

  #open(n: number, maxBytes: number): Buffer {
    const sealed = this.#fetchSealed(n);
    if (!Buffer.isBuffer(sealed)) throw new ArchiveError('DAMAGED', `chunk ${n} is not there`);
    return openChunk(this.#dataKey, this, n, { sealed, maxBytes });
  }

  #fetchSealed(n: number): unknown {
    try {
      return this.#fetch(n);
    } catch (error) {
      throw asArchiveFault(error);
    }
  }
}
