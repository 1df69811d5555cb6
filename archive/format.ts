import { basename, dirname, join } from 'node:path';
import type { Tier } from '../protocol/ids.ts';

/**
 * The numbers and texts of the format; docs/archive-format.md explains them. A change to any of them is a new format
 * version. `user_version` is major × 1000 + minor: a reader refuses every version it does not know.
 */
export const formatName = 'vestibule-case/1';
export const formatVersion = 1000;
/** A delta: its index also says what its base holds for it. A whole archive stays readable for those who know no delta. */
export const deltaVersion = 1001;
/** ASCII `VCAS`, big-endian, in the SQLite header. */
export const applicationId = 0x56434153;
export const pageBytes = 16384;

/** The tables, in the order they are made. Readers compare the text in `sqlite_schema` to the letter. */
export const schema = [
  {
    name: 'archive',
    sql: 'CREATE TABLE archive (format TEXT NOT NULL, archive_id TEXT NOT NULL, tier TEXT NOT NULL) STRICT',
  },
  { name: 'chunk', sql: 'CREATE TABLE chunk (n INTEGER PRIMARY KEY, sealed BLOB NOT NULL) STRICT' },
] as const;
export const schemaSql = schema.map((table) => `${table.sql};\n`).join('');

export const keyBytes = 32;
export const tagBytes = 16;
/** Most plaintext in one data chunk. */
export const maxChunkBytes = 1 << 20;
/** Most plaintext of the index. */
export const maxIndexBytes = 64 << 20;
export const maxFiles = 200_000;

/** Largest sealed form of so much plaintext: what zstd may add to incompressible bytes, and the tag. */
export function maxSealedBytes(plainBytes: number): number {
  return plainBytes + (plainBytes >> 8) + 1024 + tagBytes;
}

/** What is in clear, and bound into every chunk. */
export interface ArchiveIdentity {
  readonly archiveId: string;
  readonly tier: Tier;
}

/** GCM nonce of chunk `n`: 12 bytes, big-endian. Unique because a data key serves one build of one archive. */
export function nonceOf(n: number): Buffer {
  const nonce = Buffer.alloc(12);
  nonce.writeBigUInt64BE(BigInt(n), 4);
  return nonce;
}

/** GCM additional data of chunk `n`: canonical JSON (RFC 8785: sorted names, no blanks), so no chunk fits elsewhere. */
export function associatedDataOf({ archiveId, tier }: ArchiveIdentity, n: number): Buffer {
  return Buffer.from(JSON.stringify({ archiveId, format: formatName, n, tier }));
}

const archiveSuffix = '.case';
const keysSuffix = '.keys';

/** Where an archive of a case lies in its folder. */
export function archivePath(folder: string, caseId: string, tier: Tier): string {
  return join(folder, `${caseId}.${tier}${archiveSuffix}`);
}

/** Where the wrapped data key of an archive lies: beside it. */
export function keysPathOf(path: string): string {
  return join(dirname(path), basename(path, archiveSuffix) + keysSuffix);
}

/** The archive that a sidecar belongs to. */
export function archivePathOf(keysPath: string): string {
  return join(dirname(keysPath), basename(keysPath, keysSuffix) + archiveSuffix);
}
