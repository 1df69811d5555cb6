import { createHash, randomBytes } from 'node:crypto';
import { closeSync, openSync, readSync } from 'node:fs';
import type { Sha256 } from '../core/digest.ts';
import { type Envelope, type Recipient, seal } from '../core/envelope.ts';
import type { Tier } from '../protocol/ids.ts';
import { ArchiveError } from './archive-error.ts';
import { BuildFile } from './build-file.ts';
import { compressChunk, encryptChunk } from './chunk.ts';
import { type ArchiveEntry, encodeContents } from './contents.ts';
import type { DeltaPlan } from './delta.ts';
import { eraseArchive } from './erase.ts';
import { archivePath, deltaVersion, formatName, formatVersion, keyBytes, keysPathOf, maxIndexBytes } from './format.ts';
import { writeKeysFile } from './keys-file.ts';
import type { PackedFile } from './pack-writer.ts';
import type { EnterStep } from './step.ts';

declare const sealedBrand: unique symbol;

/** An archive that is on disk, fsynced, with its keys beside it. Only `buildArchives` makes one. */
export interface SealedArchive {
  readonly archiveId: string;
  readonly caseId: string;
  readonly tier: Tier;
  readonly path: string;
  readonly keysPath: string;
  /** Of the whole file, read back from the disk cache after it was written. */
  readonly sha256: Sha256;
  readonly bytes: number;
  /** How many files it holds; of a delta, those that its base does not. */
  readonly files: number;
  /** Of a delta: the archive that it stands on. */
  readonly base?: string;
  readonly [sealedBrand]: true;
}

/** One archive that is to be built. */
export interface ArchiveOrder {
  readonly tier: Tier;
  /** Fresh for every archive. */
  readonly archiveId: string;
  /** Makes it a delta, which leaves out what its base holds: the answer of `planDelta` for this study and tier. */
  readonly delta?: DeltaPlan | undefined;
  /** Called with each file that went in. */
  readonly onFile?: ((file: Pick<ArchiveEntry, 'name' | 'sha256'>) => void) | undefined;
}

interface Deps {
  readonly order: ArchiveOrder;
  readonly caseId: string;
  readonly folder: string;
  readonly recipients: readonly Recipient[];
  readonly enter: EnterStep;
}

/** One archive while it is built: chunks come in order, then the index; then it is made durable and gets its name. */
export class ArchiveBuild {
  readonly #deps: Deps;
  readonly #file: BuildFile;
  readonly #dataKey: Buffer;
  readonly #keys: Envelope;
  readonly #entries: ArchiveEntry[] = [];
  #n = 0;
  #digest: { readonly sha256: Sha256; readonly bytes: number } | undefined;
  #isPlaced = false;

  static async begin(deps: Deps): Promise<ArchiveBuild> {
    const { order, caseId, folder, recipients } = deps;
    const dataKey = randomBytes(keyBytes);
    const keys = await seal(dataKey, recipients);
    const path = archivePath(folder, caseId, order.tier);
    const file = await BuildFile.create(path, order, order.delta ? deltaVersion : formatVersion);
    return new ArchiveBuild(deps, file, dataKey, keys);
  }

  private constructor(deps: Deps, file: BuildFile, dataKey: Buffer, keys: Envelope) {
    this.#deps = deps;
    this.#file = file;
    this.#dataKey = dataKey;
    this.#keys = keys;
  }

  /** The number of the chunk that comes next. */
  get next(): number {
    return this.#n;
  }

  /** Encrypts a compressed chunk for this archive and inserts it. */
  async put(frame: Uint8Array): Promise<void> {
    const { order, enter } = this.#deps;
    await enter('insert');
    this.#file.insert(this.#n, encryptChunk(this.#dataKey, order, this.#n, frame));
    this.#n += 1;
    if (!this.#file.isFlushDue) return;
    await enter('flush');
    await this.#file.flush();
  }

  /** Notes the files of a pack whose first chunk was `first` here. */
  add(files: readonly PackedFile[], first: number): void {
    for (const file of files) {
      const entry = { ...file, places: file.places.map(([n, offset, length]) => [first + n, offset, length] as const) };
      this.#deps.order.onFile?.(entry);
      this.#entries.push(entry);
    }
  }

  /** Resolves when no flush is under way. */
  flushed(): Promise<void> {
    return this.#file.flushed();
  }

  /** The index is written and everything durable, under a private name. */
  async finish(): Promise<void> {
    const { enter } = this.#deps;
    await enter('compress');
    await this.put(compressChunk(this.#index()));
    await enter('flush');
    await this.#file.flush();
    await enter('commit');
    await this.#file.commit();
    this.#digest = await digestOf(this.#file.path, enter);
    await enter('settle');
    await this.#file.settle();
  }

  /** Keys first, then the name: an archive that has its name can be opened, whenever the power goes. */
  async place(): Promise<SealedArchive> {
    const { order, caseId, folder, enter } = this.#deps;
    const { archiveId, tier, delta } = order;
    const digest = this.#digest;
    if (!digest) throw new RangeError('an archive is placed when it is finished');
    const path = archivePath(folder, caseId, tier);
    const keysPath = keysPathOf(path);
    await enter('keys');
    eraseArchive(path);
    this.#isPlaced = true;
    writeKeysFile(keysPath, { v: 1, archiveId, caseId, tier, ...digest, keys: this.#keys });
    await enter('place');
    this.#file.place(path);
    const base = delta ? { base: delta.base } : {};
    return {
      archiveId,
      caseId,
      tier,
      path,
      keysPath,
      ...digest,
      files: this.#entries.length,
      ...base,
    } as SealedArchive;
  }

  /** Takes everything back, at whatever point the build has failed. What cannot be removed is swept at the next start. */
  async discard(): Promise<void> {
    const { order, caseId, folder } = this.#deps;
    await quietly(() => this.#file.discard());
    if (this.#isPlaced) await quietly(async () => eraseArchive(archivePath(folder, caseId, order.tier)));
  }

  forgetKey(): void {
    this.#dataKey.fill(0);
  }

  #index(): Buffer {
    const { archiveId, tier, delta } = this.#deps.order;
    const files = this.#entries;
    const index = encodeContents({ format: formatName, archiveId, tier, chunks: this.#n + 1, files, ...delta });
    if (index.length <= maxIndexBytes) return index;
    throw new ArchiveError(
      'LIMIT_EXCEEDED',
      `the index of ${files.length} files is larger than ${maxIndexBytes} bytes`,
    );
  }
}

const hashPieceBytes = 1 << 18;

async function digestOf(path: string, enter: EnterStep): Promise<{ readonly sha256: Sha256; readonly bytes: number }> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafeSlow(hashPieceBytes);
  const handle = openSync(path, 'r');
  try {
    for (let bytes = 0; ; ) {
      await enter('hash');
      const read = readSync(handle, piece, 0, hashPieceBytes, bytes);
      if (read === 0) return { sha256: hash.digest('hex') as Sha256, bytes };
      hash.update(piece.subarray(0, read));
      bytes += read;
    }
  } finally {
    closeSync(handle);
  }
}

/** A failure to clean up must not hide why the build failed; `sweepBuilds` removes what stayed at the next start. */
async function quietly(cleanUp: () => Promise<void>): Promise<void> {
  try {
    await cleanUp();
  } catch {
    return;
  }
}
