import { chmodSync, linkSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import {
  eraseFile,
  makeFolder,
  partialSuffix,
  renameDurable,
  sweepPartials,
  syncFolder,
  unlinkDurable,
  writeFileDurable,
} from '../core/files.ts';
import { CertsError } from './errors.ts';

/**
 * A private folder (0700) of small private files (0600), each written durably and whole: after a power cut a file is
 * the old one, the new one, or not there. One process owns it at a time; `open` sweeps what a killed one left.
 */
export class KeyFolder {
  readonly #path: string;

  private constructor(path: string) {
    this.#path = path;
  }

  static async open(path: string): Promise<KeyFolder> {
    await makeFolder(path);
    chmodSync(path, 0o700);
    sweepPartials(path);
    return new KeyFolder(path);
  }

  /** The file's bytes, or undefined when there is none. */
  read(name: string): Buffer | undefined {
    try {
      return readFileSync(join(this.#path, name));
    } catch (cause) {
      if (codeOf(cause) === 'ENOENT') return undefined;
      throw new CertsError('KEYS_DAMAGED', `the key file ${name} cannot be read`, cause);
    }
  }

  /** Creates a file; false, and nothing changed, when it exists already. So two writers never end up with two keys. */
  create(name: string, content: string | Uint8Array): boolean {
    const path = join(this.#path, name);
    const fresh = `${path}.${process.pid}.new${partialSuffix}`;
    writeFileDurable(fresh, content);
    try {
      linkSync(fresh, path);
      syncFolder(this.#path);
      return true;
    } catch (error) {
      if (codeOf(error) === 'EEXIST') return false;
      throw error;
    } finally {
      unlinkDurable(fresh);
    }
  }

  replace(name: string, content: string | Uint8Array): void {
    writeFileDurable(join(this.#path, name), content);
  }

  /** Puts `from` in the place of `to`, in one step. */
  move(from: string, to: string): void {
    renameDurable(join(this.#path, from), join(this.#path, to));
  }

  /** Overwrites and removes; a file that is not there is fine. */
  erase(name: string): void {
    eraseFile(join(this.#path, name));
  }
}
