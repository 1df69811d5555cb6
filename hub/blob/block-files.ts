import { createHash, randomBytes } from 'node:crypto';
import { createReadStream, createWriteStream } from 'node:fs';
import { readdir, stat, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { type Readable, Transform } from 'node:stream';
import { pipeline } from 'node:stream/promises';
import { codeOf } from '../../core/errors.ts';
import { makeFolder, syncFolder } from '../../core/files.ts';
import { BlobError } from './errors.ts';

/** A block file that is on disk, fsynced, under a name of its own. */
export interface WrittenFile {
  readonly file: string;
  readonly bytes: number;
  /** Base64. */
  readonly md5: string;
}

/** Why a file could not be written, of which none says anything about what was sent. */
const passing = new Set(['ENOSPC', 'EDQUOT', 'ENOENT']);

/** The folder of block files. Names are random; what a file is for stands in the database alone. */
export class BlockFiles {
  readonly #folder: string;

  static async open(folder: string): Promise<BlockFiles> {
    return new BlockFiles(await makeFolder(folder));
  }

  constructor(folder: string) {
    this.#folder = folder;
  }

  /**
   * Streams a body into a new file and makes file and name durable. Nothing is left when it throws: RequestBodyTooLarge,
   * Md5Mismatch, ServerBusy for a full disk or a folder that had gone, or the error of the broken stream. The rest of
   * the body is then still to be read: a destroyed request could not be answered, and its sender would wait in vain.
   */
  async write(
    body: Readable,
    limits: { readonly maxBytes: number; readonly md5?: string | undefined },
  ): Promise<WrittenFile> {
    const file = `${randomBytes(16).toString('hex')}.block`;
    const path = join(this.#folder, file);
    const hash = createHash('md5');
    let bytes = 0;
    const measure = new Transform({
      transform(chunk: Buffer, _encoding, done) {
        bytes += chunk.length;
        hash.update(chunk);
        done(bytes > limits.maxBytes ? new BlobError('RequestBodyTooLarge') : null, chunk);
      },
    });
    try {
      const pieces = body.iterator({ destroyOnReturn: false });
      await pipeline(pieces, measure, createWriteStream(path, { flags: 'wx', mode: 0o600, flush: true }));
      const md5 = hash.digest('base64');
      if (limits.md5 !== undefined && limits.md5 !== md5) throw new BlobError('Md5Mismatch');
      syncFolder(this.#folder);
      return { file, bytes, md5 };
    } catch (error) {
      await this.remove([file]);
      if (codeOf(error) === 'ENOENT') await makeFolder(this.#folder);
      throw passing.has(codeOf(error) ?? '') ? new BlobError('ServerBusy', { cause: error }) : error;
    }
  }

  /** Which of these files are not there any more with all their bytes. */
  async lost(files: readonly { readonly file: string; readonly bytes: number }[]): Promise<readonly string[]> {
    const lost: string[] = [];
    for (const { file, bytes } of files) {
      const size = await stat(join(this.#folder, file)).then(
        (found) => found.size,
        (error) => (codeOf(error) === 'ENOENT' ? undefined : Promise.reject(error)),
      );
      if (size !== bytes) lost.push(file);
    }
    return lost;
  }

  /** Reads a stretch of a chain of files, piece by piece. */
  async *read(
    chain: readonly { readonly file: string; readonly bytes: number }[],
    start: number,
    end: number,
  ): AsyncGenerator<Buffer> {
    let at = 0;
    for (const { file, bytes } of chain) {
      const [from, to] = [Math.max(start - at, 0), Math.min(end - at, bytes)];
      at += bytes;
      if (from >= to) continue;
      yield* createReadStream(join(this.#folder, file), { start: from, end: to - 1 }) as AsyncIterable<Buffer>;
    }
  }

  /** Removes files that no row names any more. A name that is left by a crash is swept at the next start. */
  async remove(files: readonly string[]): Promise<void> {
    for (const file of files) {
      await unlink(join(this.#folder, file)).catch((error) => {
        if (codeOf(error) !== 'ENOENT') throw error;
      });
    }
  }

  /** Removes every file that `isNamed` does not know; returns how many there were. Only before requests are taken. */
  async sweep(isNamed: (file: string) => boolean): Promise<number> {
    const leftovers = (await readdir(this.#folder)).filter((file) => !isNamed(file));
    await this.remove(leftovers);
    return leftovers.length;
  }
}
