import { createHash, randomUUID } from 'node:crypto';
import { type FileHandle, open, readdir, stat, statfs } from 'node:fs/promises';
import { join } from 'node:path';
import { isSha256, type Sha256 } from '../../core/digest.ts';
import { codeOf } from '../../core/errors.ts';
import { makeFolder, partialSuffix, renameDurable, sweepPartials, unlinkDurable } from '../../core/files.ts';
import { BatchRefused, ReceiverError } from '../errors.ts';
import type { ObjectOrder, Objects } from './objects.ts';

/** Objects in a folder: `ab/abcdef…`, incoming ones beside them. One process writes. */
export class FolderObjects implements Objects {
  readonly #folder: string;
  readonly #incoming: string;
  readonly #reserveBytes: number;

  /** Makes the folders. `reserveBytes` of the disk are left free. */
  static async open(folder: string, reserveBytes: number): Promise<FolderObjects> {
    await makeFolder(folder);
    await makeFolder(join(folder, 'incoming'));
    return new FolderObjects(folder, reserveBytes);
  }

  constructor(folder: string, reserveBytes = 0) {
    this.#folder = folder;
    this.#incoming = join(folder, 'incoming');
    this.#reserveBytes = reserveBytes;
  }

  async put(order: ObjectOrder, content: AsyncIterable<Uint8Array>): Promise<void> {
    await this.#requireSpace(order.bytes);
    const temporary = join(this.#incoming, `${randomUUID()}${partialSuffix}`);
    try {
      await writeProved(temporary, order, content);
      await order.prove(temporary);
      await makeFolder(join(this.#folder, order.sha256.slice(0, 2)));
      renameDurable(temporary, this.#path(order.sha256));
    } catch (error) {
      unlinkDurable(temporary);
      throw codeOf(error) === 'ENOSPC' ? diskFull(error) : error;
    }
  }

  async has(sha256: Sha256): Promise<boolean> {
    try {
      return (await stat(this.#path(sha256))).isFile();
    } catch (error) {
      if (codeOf(error) === 'ENOENT') return false;
      throw error;
    }
  }

  async open(sha256: Sha256): Promise<string> {
    if (await this.has(sha256)) return this.#path(sha256);
    throw new ReceiverError('OBJECT_MISSING', 'an object is not in the store', {
      hint: 'Restore it from a backup; vestibule-cloud verify names what is missing.',
    });
  }

  async list(): Promise<readonly Sha256[]> {
    const names = await readdir(this.#folder, { recursive: true, withFileTypes: true });
    return names.filter((entry) => entry.isFile() && isSha256(entry.name)).map((entry) => entry.name as Sha256);
  }

  async remove(sha256: Sha256): Promise<void> {
    if (await this.has(sha256)) unlinkDurable(this.#path(sha256));
  }

  async sweep(): Promise<number> {
    return sweepPartials(this.#incoming);
  }

  #path(sha256: Sha256): string {
    return join(this.#folder, sha256.slice(0, 2), sha256);
  }

  async #requireSpace(bytes: number): Promise<void> {
    const { bavail, bsize } = await statfs(this.#folder);
    if (bavail * bsize < bytes + this.#reserveBytes) throw diskFull(undefined);
  }
}

/** Writes and hashes in one pass, never more than promised, and fsyncs. */
async function writeProved(path: string, order: ObjectOrder, content: AsyncIterable<Uint8Array>): Promise<void> {
  const handle = await open(path, 'wx', 0o400);
  try {
    const { bytes, sha256 } = await pour(content, handle, order.bytes);
    if (bytes !== order.bytes) throw differs(`${bytes} bytes came, ${order.bytes} were promised`);
    if (sha256 !== order.sha256) throw differs('the SHA-256 is not the promised one');
    await handle.sync();
  } finally {
    await handle.close();
  }
}

async function pour(content: AsyncIterable<Uint8Array>, handle: FileHandle, ceiling: number) {
  const hash = createHash('sha256');
  let bytes = 0;
  for await (const piece of content) {
    bytes += piece.length;
    if (bytes > ceiling) throw differs(`more than the promised ${ceiling} bytes came`);
    hash.update(piece);
    await handle.writeFile(piece);
  }
  return { bytes, sha256: hash.digest('hex') };
}

function differs(found: string): BatchRefused {
  return new BatchRefused('DIGEST_MISMATCH', found);
}

function diskFull(cause: unknown): ReceiverError {
  return new ReceiverError('DISK_FULL', 'there is too little space for an archive', {
    hint: 'Free space or enlarge the disk; it goes on by itself.',
    cause,
  });
}
