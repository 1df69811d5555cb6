import { lstat, readdir } from 'node:fs/promises';
import { basename, resolve } from 'node:path';
import type { Checkpoint } from '../core/gate-flag.ts';
import { BlockingFileBytes } from './container/blocking-file-bytes.ts';
import { piecesFrom, type RandomBytes } from './container/bytes.ts';
import { byPath, type ContainedFile } from './container/contained.ts';
import { defaultSourceLimits, type SourceLimits } from './container/limits.ts';
import { safely } from './container/listed-file.ts';
import { decodeText } from './decode.ts';
import { CartoError } from './error.ts';
import type { LeftOut, Source } from './source.ts';
import { Tally } from './tally.ts';

/**
 * Lists a folder as a source. Nothing is locked or written; links and special files are not followed but counted.
 * `checkpoint` is awaited before every folder, file and piece, while listing and while reading.
 */
export async function openFolder(
  folder: string,
  checkpoint: Checkpoint,
  limits: Partial<SourceLimits> = {},
): Promise<Source> {
  const { files, leftOut } = await listFolder(folder, checkpoint, { ...defaultSourceLimits, ...limits });
  return { name: basename(resolve(folder)), files, leftOut, container: 'folder' };
}

/** The files of a folder, which may themselves be containers. */
export async function listFolder(
  folder: string,
  checkpoint: Checkpoint,
  limits: SourceLimits,
): Promise<{ readonly files: ContainedFile[]; readonly leftOut: LeftOut[] }> {
  const walk = new Walk(checkpoint, limits);
  await walk.enter(Buffer.from(resolve(folder)), '', 0);
  return { files: walk.files.sort(byPath), leftOut: walk.leftOut };
}

class Walk {
  readonly files: ContainedFile[] = [];
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
    this.files.push(fileAt({ path, place, bytes: stats.size, mtimeMs: stats.mtimeMs }, this.#checkpoint));
  }
}

/** A plain file that was listed in a folder: plain values, which another thread can take. */
export interface PlacedFile {
  readonly path: string;
  readonly place: Uint8Array;
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** Such a file as one of a source. */
export function fileAt({ path, place, bytes, mtimeMs }: PlacedFile, checkpoint: Checkpoint): ContainedFile {
  const at = Buffer.from(place.buffer, place.byteOffset, place.length);
  const random = () => BlockingFileBytes.open(at, { bytes, mtimeMs });
  return { path, place, bytes, mtimeMs, random, open: (into) => readPieces(random, checkpoint, into) };
}

async function* readPieces(
  random: () => Promise<RandomBytes>,
  checkpoint: Checkpoint,
  into?: Buffer,
): AsyncGenerator<Uint8Array> {
  await checkpoint();
  const bytes = await random();
  try {
    yield* piecesFrom(bytes, 0, bytes.size, checkpoint, into);
  } finally {
    await bytes.close();
  }
}

const slash = Buffer.from('/');

function tooLarge(what: string, limit: number): CartoError {
  return new CartoError('TOO_LARGE', `${what} the limit of ${limit}`);
}
