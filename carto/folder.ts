import { constants } from 'node:fs';
import { type FileHandle, lstat, open, readdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import { codeOf } from '../core/errors.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import { decodeText } from './decode.ts';
import { CartoError } from './error.ts';
import { type LeftOut, maxPieceBytes, type Source, type SourceFile } from './source.ts';
import { Tally } from './tally.ts';

/** Caps on what is taken from one source. Passing one ends with `TOO_LARGE`. */
export interface SourceLimits {
  readonly maxEntries: number;
  readonly maxTotalBytes: number;
  readonly maxFileBytes: number;
  /** Folders below the root. */
  readonly maxDepth: number;
}

export const defaultSourceLimits: SourceLimits = {
  maxEntries: 100_000,
  maxTotalBytes: 64 * 2 ** 30,
  maxFileBytes: 4 * 2 ** 30,
  maxDepth: 8,
};

/** The first piece of a file is small, so that looking at its head costs little. */
const headPieceBytes = 16 * 1024;

/**
 * Lists a folder as a source. Nothing is locked or written; links and special files are not followed but counted.
 * `checkpoint` is awaited before every folder, file and piece, while listing and while reading.
 */
export async function openFolder(
  folder: string,
  checkpoint: Checkpoint,
  limits: Partial<SourceLimits> = {},
): Promise<Source> {
  const root = resolve(folder);
  const walk = new Walk(checkpoint, { ...defaultSourceLimits, ...limits });
  await walk.enter(Buffer.from(root), '', 0);
  const files = walk.files.sort((a, b) => (a.path < b.path ? -1 : 1));
  return { name: basename(root), files, leftOut: walk.leftOut };
}

class Walk {
  readonly files: SourceFile[] = [];
  readonly #checkpoint: Checkpoint;
  readonly #limits: SourceLimits;
  readonly #leftOut = new Tally();
  readonly #paths = new Set<string>();
  #entries = 0;
  #totalBytes = 0;

  constructor(checkpoint: Checkpoint, limits: SourceLimits) {
    this.#checkpoint = checkpoint;
    this.#limits = limits;
  }

  get leftOut(): LeftOut[] {
    return this.#leftOut.counts();
  }

  /** Names are taken as bytes: a share may hold names that are not UTF-8, and they must open again. */
  async enter(folder: Buffer, path: string, depth: number): Promise<void> {
    if (depth > this.#limits.maxDepth) throw tooLarge('folders nest deeper than', this.#limits.maxDepth);
    await this.#checkpoint();
    for (const name of await safely(readdir(folder, { encoding: 'buffer' }))) {
      await this.#checkpoint();
      this.#entries++;
      if (this.#entries > this.#limits.maxEntries) throw tooLarge('entries are more than', this.#limits.maxEntries);
      await this.#entry(Buffer.concat([folder, slash, name]), path + decodeText(name).normalize('NFC'), depth);
    }
  }

  async #entry(place: Buffer, path: string, depth: number): Promise<void> {
    const stats = await safely(lstat(place));
    if (stats.isDirectory()) return this.enter(place, `${path}/`, depth + 1);
    if (!stats.isFile()) return this.#leftOut.add(stats.isSymbolicLink() ? 'link' : 'special');
    this.#totalBytes += stats.size;
    const { maxFileBytes, maxTotalBytes } = this.#limits;
    if (stats.size > maxFileBytes) throw tooLarge('bytes of one file are more than', maxFileBytes);
    if (this.#totalBytes > maxTotalBytes) throw tooLarge('bytes of all files are more than', maxTotalBytes);
    // Names that differ in their bytes alone, in their encoding or in how accents are composed.
    if (this.#paths.has(path)) return this.#leftOut.add('ambiguous-name');
    this.#paths.add(path);
    const listed = { bytes: stats.size, mtimeMs: stats.mtimeMs };
    this.files.push({ path, ...listed, open: () => readPieces(place, listed, this.#checkpoint) });
  }
}

const slash = Buffer.from('/');

/** `O_NOFOLLOW` and the second look guard against an entry that was exchanged after it was listed. */
const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

async function* readPieces(
  place: Buffer,
  listed: { readonly bytes: number; readonly mtimeMs: number },
  checkpoint: Checkpoint,
): AsyncGenerator<Uint8Array> {
  await checkpoint();
  const handle = await safely(open(place, openFlags));
  try {
    await expectUnchanged(handle, listed);
    for (let at = 0; at < listed.bytes; ) {
      await checkpoint();
      const piece = Buffer.allocUnsafe(Math.min(at === 0 ? headPieceBytes : maxPieceBytes, listed.bytes - at));
      const { bytesRead } = await safely(handle.read(piece, 0, piece.length, at));
      if (bytesRead === 0) throw changed();
      at += bytesRead;
      yield piece.subarray(0, bytesRead);
    }
  } finally {
    await handle.close();
  }
}

async function expectUnchanged(
  handle: FileHandle,
  listed: { readonly bytes: number; readonly mtimeMs: number },
): Promise<void> {
  const stats = await safely(handle.stat());
  if (!stats.isFile() || stats.size !== listed.bytes || stats.mtimeMs !== listed.mtimeMs) throw changed();
}

function changed(): CartoError {
  return new CartoError('UNREADABLE', 'a file changed between listing and reading', {
    hint: 'The export is still being written or copied. It is tried again when it has settled.',
  });
}

function tooLarge(what: string, limit: number): CartoError {
  return new CartoError('TOO_LARGE', `${what} the limit of ${limit}`);
}

/** System errors name the path; only their code goes on. */
async function safely<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new CartoError('UNREADABLE', `the source could not be read (${codeOf(error) ?? 'unknown reason'})`, {
      hint: 'Check that the folder is mounted and that the service may read it.',
    });
  }
}
