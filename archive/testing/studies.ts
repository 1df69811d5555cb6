import { createCipheriv, randomBytes } from 'node:crypto';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { PseudonymisedFile, PseudonymisedStudy } from '../../carto/index.ts';
import type { RecipientKey } from '../../core/envelope.ts';
import { passAlways } from '../../core/gate-flag.ts';
import { newId, type Tier } from '../../protocol/ids.ts';
import type { BuildOrder } from '../build.ts';
import type { ArchiveReader } from '../reader.ts';

export interface TestFile {
  readonly name: string;
  readonly kind?: string;
  readonly tiers?: readonly Tier[];
  /** Pieces as the source would yield them. */
  readonly pieces: Iterable<Uint8Array> | AsyncIterable<Uint8Array>;
}

/** The only cast in the tests of this room: what carto's `pseudonymise` would have returned. */
export function studyOf(files: readonly TestFile[]): PseudonymisedStudy {
  const study = {
    copy: () => undefined,
    files: files.map(({ name, kind = 'mesh', tiers = ['review', 'study'], pieces }) => ({
      name,
      kind,
      tiers,
      order: undefined,
      sourceBytes: Array.isArray(pieces) ? pieces.reduce((sum, { length }) => sum + length, 0) : 0,
      async *open() {
        yield* pieces;
      },
    })) as unknown as PseudonymisedFile[],
  };
  return study as unknown as PseudonymisedStudy;
}

/** Incompressible bytes that are the same in every run: an AES-CTR key stream. */
export function noise(bytes: number, seed = 1): Buffer {
  const cipher = createCipheriv('aes-128-ctr', Buffer.alloc(16, seed), Buffer.alloc(16));
  return cipher.update(Buffer.alloc(bytes));
}

/** Lines of numbers, as an export is full of. */
export function table(lines: number, seed = 1): Buffer {
  let state = seed;
  const value = () => {
    state = (state * 1_103_515_245 + 12_345) % 2 ** 31;
    return ((state % 200_000) / 1000 - 100).toFixed(3).padStart(10);
  };
  return Buffer.from(Array.from({ length: lines }, (_, n) => `${n} = ${value()} ${value()} ${value()}\n`).join(''));
}

/** Sixty small files of three kinds, an empty one, and one of 5 MiB that does not compress. */
export function mixedFiles(): { readonly name: string; readonly kind: string; readonly bytes: Buffer }[] {
  const kinds = ['point', 'tag', 'rf'];
  const small = Array.from({ length: 60 }, (_, n) => ({
    name: `map-1/${kinds[n % 3]}-${n}.txt`,
    kind: kinds[n % 3] ?? '',
    bytes: table(20 + n * 7, n + 1),
  }));
  return [
    ...small,
    { name: 'empty.txt', kind: 'tag', bytes: Buffer.alloc(0) },
    { name: 'map-1/large.bin', kind: 'mesh', bytes: noise(5 << 20) },
  ];
}

export const secretKey: RecipientKey & { readonly secret: Uint8Array } = {
  kid: 'at-rest',
  secret: Buffer.alloc(32, 7),
};

/** A build order with everything filled in. */
export function orderOf(folder: string, files: readonly TestFile[], more: Partial<BuildOrder> = {}): BuildOrder {
  return {
    study: studyOf(files),
    tier: 'study',
    caseId: newId('case'),
    archiveId: newId('arc'),
    folder,
    recipients: [secretKey],
    checkpoint: passAlways,
    ...more,
  };
}

export function tempFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), `archive-test-${randomBytes(3).toString('hex')}-`));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

export async function readAll(reader: ArchiveReader, name: string): Promise<Buffer> {
  const pieces: Uint8Array[] = [];
  for await (const piece of reader.read(name)) pieces.push(piece);
  return Buffer.concat(pieces);
}
