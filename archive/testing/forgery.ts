import { closeSync, copyFileSync, openSync, readFileSync, readSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type Database, openBuild } from '../../core/database.ts';
import { sha256 } from '../../core/digest.ts';
import { type Envelope, seal } from '../../core/envelope.ts';
import { newId } from '../../protocol/ids.ts';
import { BuildFile } from '../build-file.ts';
import { sealChunk } from '../chunk.ts';
import { type ArchiveIdentity, applicationId, formatName, formatVersion, keysPathOf } from '../format.ts';
import type { ProofOrder } from '../proof.ts';
import { secretKey } from './studies.ts';

/** A copy of an archive and of its keys, to be ruined. */
export function copyOf(path: string, name = newId('case')): string {
  const copy = join(path, '..', `${name}.study.case`);
  copyFileSync(path, copy);
  copyFileSync(keysPathOf(path), keysPathOf(copy));
  return copy;
}

/** Changes an archive with SQLite itself, as someone without any key can. */
export function tamper(path: string, edit: (db: Database) => void): void {
  const db = openBuild(path, { applicationId, version: formatVersion });
  edit(db);
  db.exec('VACUUM');
  db.close();
}

export function flipByte(path: string, position: number, bit = 0): void {
  const handle = openSync(path, 'r+');
  const byte = Buffer.alloc(1);
  readSync(handle, byte, 0, 1, position);
  byte.writeUInt8(byte.readUInt8() ^ (1 << bit));
  writeSync(handle, byte, 0, 1, position);
  closeSync(handle);
}

/** What a sender who vouches for whatever the file now holds would promise. */
export function vouchFor(path: string): ProofOrder {
  const bytes = readFileSync(path);
  return { sha256: sha256(bytes), bytes: bytes.length };
}

export interface Forged {
  readonly path: string;
  readonly envelope: Envelope;
}

/** An archive by someone who has the data key and no scruples: any chunks, any index. */
export async function forge(
  folder: string,
  chunks: readonly Uint8Array[],
  index: (identity: ArchiveIdentity) => unknown,
  version = formatVersion,
): Promise<Forged> {
  const dataKey = Buffer.alloc(32, 3);
  const identity: ArchiveIdentity = { archiveId: newId('arc'), tier: 'study' };
  const path = join(folder, `${newId('case')}.study.case`);
  const file = await BuildFile.create(path, identity, version);
  const last = index(identity);
  const all = [...chunks, Buffer.isBuffer(last) ? last : Buffer.from(JSON.stringify(last))];
  for (const [n, plain] of all.entries()) file.insert(n, sealChunk(dataKey, identity, n, plain));
  await file.commit();
  await file.settle();
  file.place(path);
  return { path, envelope: await seal(dataKey, [secretKey]) };
}

/** An index as the format wants it, for one data chunk, with any files. */
export function indexOf(identity: ArchiveIdentity, files: readonly unknown[], chunks = 2): unknown {
  return { format: formatName, ...identity, chunks, files };
}

export function entryOf(name: string, bytes: Uint8Array, more: object = {}): object {
  return { name, kind: 'mesh', bytes: bytes.length, sha256: sha256(bytes), places: [[0, 0, bytes.length]], ...more };
}
