import { createHash, randomBytes } from 'node:crypto';
import { open } from 'node:fs/promises';
import type { PseudonymisedFile, PseudonymisedStudy } from '../carto/index.ts';
import type { Sha256 } from '../core/digest.ts';
import { type Envelope, type Recipient, seal } from '../core/envelope.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import { archiveIdSchema, caseIdSchema, type Tier } from '../protocol/ids.ts';
import { ArchiveError } from './archive-error.ts';
import { BuildFile } from './build-file.ts';
import { type BuildStep, ChunkWriter, type EnterStep } from './chunk-writer.ts';
import type { ArchiveEntry, Place } from './contents.ts';
import type { DeltaPlan } from './delta.ts';
import { checkNames } from './entry-name.ts';
import { eraseArchive } from './erase.ts';
import { archivePath, deltaVersion, formatVersion, keyBytes, keysPathOf, maxFiles } from './format.ts';
import { writeKeysFile } from './keys-file.ts';

declare const sealedBrand: unique symbol;

/** An archive that is on disk, fsynced, with its keys beside it. Only `buildArchive` makes one. */
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

export interface BuildHooks {
  /** Called when a step begins: for progress, and for tests that cut there. What it throws ends the build. */
  readonly onStep?: (step: BuildStep) => void;
  /** Called with each file that went in. */
  readonly onFile?: (file: Pick<ArchiveEntry, 'name' | 'sha256'>) => void;
}

export interface BuildOrder {
  readonly study: PseudonymisedStudy;
  /** Only files of this tier go in. */
  readonly tier: Tier;
  readonly caseId: string;
  /** Fresh for every archive. */
  readonly archiveId: string;
  /** Must exist. */
  readonly folder: string;
  readonly recipients: readonly Recipient[];
  /** Makes it a delta, which leaves out what its base holds: the answer of `planDelta` for this study and tier. */
  readonly delta?: DeltaPlan;
  /** Awaited before every piece read, compressed, inserted, flushed or hashed. */
  readonly checkpoint: Checkpoint;
  readonly hooks?: BuildHooks;
}

/**
 * Seals one tier of a pseudonymised study into `<caseId>.<tier>.case` with its `.keys` beside it. When it resolves both
 * are durable, keys first; when it rejects (with what went wrong, unchanged) neither is there. An archive that already
 * bears the name was placed by a run that was killed before it could say so, and is replaced once the new one is whole.
 *
 * Memory is bounded: one chunk and SQLite's page cache, whatever the study's size, and about 0.5 KB per file.
 */
export async function buildArchive(order: BuildOrder): Promise<SealedArchive> {
  checkIds(order);
  const files = filesOf(order);
  const enter = stepper(order);
  const dataKey = randomBytes(keyBytes);
  try {
    const keys = await seal(dataKey, order.recipients);
    const path = archivePath(order.folder, order.caseId, order.tier);
    const file = await BuildFile.create(path, order, order.delta ? deltaVersion : formatVersion);
    try {
      const { archiveId, tier } = order;
      await fill(files, new ChunkWriter({ file, identity: { archiveId, tier }, dataKey, enter }), { ...order, enter });
      await enter('flush');
      await file.flush();
      await enter('commit');
      await file.finish();
      const digest = await digestOf(file.path, enter);
      return await place(file, { order, enter, keys, digest, files: files.length });
    } catch (error) {
      await quietly(() => file.discard());
      throw error;
    }
  } finally {
    dataKey.fill(0);
  }
}

interface Finished {
  readonly order: BuildOrder;
  readonly enter: EnterStep;
  readonly keys: Envelope;
  readonly digest: { readonly sha256: Sha256; readonly bytes: number };
  readonly files: number;
}

/** Keys first, then the name: an archive that has its name can be opened, whenever the power goes. */
async function place(file: BuildFile, { order, enter, keys, digest, files }: Finished): Promise<SealedArchive> {
  const { archiveId, caseId, tier, folder } = order;
  const path = archivePath(folder, caseId, tier);
  const keysPath = keysPathOf(path);
  await enter('keys');
  eraseArchive(path);
  try {
    writeKeysFile(keysPath, { v: 1, archiveId, caseId, tier, ...digest, keys });
    await enter('place');
    file.place(path);
  } catch (error) {
    await quietly(async () => eraseArchive(path));
    throw error;
  }
  const base = order.delta ? { base: order.delta.base } : {};
  return { archiveId, caseId, tier, path, keysPath, ...digest, files, ...base } as SealedArchive;
}

/** Both become part of names on disk and on the wire. A wrong one is a mistake of the caller's code. */
function checkIds({ caseId, archiveId }: BuildOrder): void {
  caseIdSchema.parse(caseId);
  archiveIdSchema.parse(archiveId);
}

/** The files of the tier that no base holds, those of one kind together: what is alike compresses together. Order is kept otherwise. */
function filesOf({ study, tier, delta }: BuildOrder): readonly PseudonymisedFile[] {
  const ofTier = study.files.filter((file) => file.tiers.includes(tier));
  checkNames(ofTier.map((file) => file.name));
  const unchanged = new Set(delta?.unchanged.map((file) => file.name));
  const chosen = ofTier.filter((file) => !unchanged.has(file.name));
  if (chosen.length > maxFiles) {
    throw new ArchiveError('LIMIT_EXCEEDED', `${chosen.length} files are more than the ${maxFiles} of one archive`);
  }
  return [...Map.groupBy(chosen, (file) => file.kind).values()].flat();
}

function stepper({ checkpoint, hooks }: BuildOrder): EnterStep {
  return async (step) => {
    await checkpoint();
    hooks?.onStep?.(step);
  };
}

/** Everything but the end: all files, then the index. */
async function fill(
  files: readonly PseudonymisedFile[],
  writer: ChunkWriter,
  { delta, enter, hooks }: Pick<BuildOrder, 'delta' | 'hooks'> & { readonly enter: EnterStep },
): Promise<void> {
  const entries: ArchiveEntry[] = [];
  for (const [position, file] of files.entries()) {
    if (position > 0 && files[position - 1]?.kind !== file.kind) await writer.endPack();
    const entry = await writeFile(file, writer, enter);
    hooks?.onFile?.(entry);
    entries.push(entry);
  }
  await writer.endPack();
  await writer.writeIndex(entries, delta);
}

async function writeFile(file: PseudonymisedFile, writer: ChunkWriter, enter: EnterStep): Promise<ArchiveEntry> {
  const hash = createHash('sha256');
  const places: Place[] = [];
  let bytes = 0;
  for await (const piece of stepwise(file.open({ transient: true }), enter)) {
    hash.update(piece);
    bytes += piece.length;
    await writer.write(piece, places);
  }
  return { name: file.name, kind: file.kind, bytes, sha256: hash.digest('hex'), places };
}

/** The same pieces, each fetched only after the step was granted; the source is told when nobody reads on. */
async function* stepwise(source: AsyncIterable<Uint8Array>, enter: EnterStep): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      await enter('read');
      const next = await pieces.next();
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) await pieces.return?.();
  }
}

const hashPieceBytes = 1 << 18;

async function digestOf(path: string, enter: EnterStep): Promise<{ readonly sha256: Sha256; readonly bytes: number }> {
  const hash = createHash('sha256');
  const piece = Buffer.allocUnsafeSlow(hashPieceBytes);
  const handle = await open(path, 'r');
  try {
    for (let bytes = 0; ; ) {
      await enter('hash');
      const { bytesRead } = await handle.read(piece, 0, hashPieceBytes, bytes);
      if (bytesRead === 0) return { sha256: hash.digest('hex') as Sha256, bytes };
      hash.update(piece.subarray(0, bytesRead));
      bytes += bytesRead;
    }
  } finally {
    await handle.close();
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
