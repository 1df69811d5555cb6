import { lstat } from 'node:fs/promises';
import { basename } from 'node:path';
import { hmacSha256 } from '../../core/digest.ts';
import { asError } from '../../core/errors.ts';
import type { Work } from '../../core/gate.ts';
import type { Entry } from '../inbox/index.ts';
import type { Outcome } from '../pipeline.ts';
import { findExports, placeOf } from './find-exports.ts';

export interface ImportDeps {
  readonly path: string;
  readonly siteKey: Uint8Array;
  /** The data folder and the inboxes. They are not imported, nor what lies in them or above them. */
  readonly ownFolders: readonly string[];
  readonly maxNames: number;
  readonly maxDepth: number;
  /** Whether a held entry may be taken as it is once a person, or the disk, lets it. */
  readonly mayGoOn: (entryKey: string) => boolean;
}

const maxExports = 1000;

/**
 * One path that a person wants taken in. The first look finds its exports; each is then given to the pipeline until it is
 * sealed, is held for something that only a new copy mends, or is gone (the stick was pulled). After that nothing of the
 * path is known any more.
 */
export class Import {
  readonly #deps: ImportDeps;
  #path: string | undefined;
  /** What is still to be given to the pipeline, by its key. */
  readonly #waiting = new Map<string, Entry>();
  /** Keys of what was found, and whether the pipeline has said its word on it. */
  readonly #found = new Map<string, 'waiting' | 'taken'>();
  #error: Error | undefined;

  constructor(deps: ImportDeps) {
    this.#deps = deps;
    this.#path = deps.path;
  }

  get isOpen(): boolean {
    return this.#path !== undefined || this.#waiting.size > 0;
  }

  /** `looking`: not looked at yet; `working`: on its way; `done`: everything is sealed or held; `failed`: see `error`. */
  get state(): 'looking' | 'working' | 'done' | 'failed' {
    if (this.#error) return 'failed';
    if (this.#path !== undefined) return 'looking';
    return [...this.#found.values()].includes('waiting') ? 'working' : 'done';
  }

  get error(): Error | undefined {
    return this.#error;
  }

  /** Keys of the entries that were found, in their order. */
  get keys(): readonly string[] {
    return [...this.#found.keys()];
  }

  /** What is to be taken in this round. The first time, a case of an entry that is held is read again. */
  async list(work: Work, signal: AbortSignal): Promise<readonly Entry[]> {
    const checkpoint = () => work.pass(signal);
    if (this.#path !== undefined) {
      await this.#look(this.#path, checkpoint).catch((error: unknown) => {
        signal.throwIfAborted();
        this.#error = asError(error);
      });
      this.#path = undefined;
      return [...this.#waiting.values()].map((entry) => ({ ...entry, isAskedFor: true }));
    }
    for (const { key, path } of [...this.#waiting.values()]) {
      await checkpoint();
      await lstat(path).catch(() => this.#settle(key, true));
    }
    return [...this.#waiting.values()];
  }

  /** The pipeline's word on an entry. */
  note({ key }: Entry, outcome: Outcome): void {
    if (typeof outcome === 'object') this.#found.set(key, 'waiting');
    else this.#settle(key, outcome === 'sealed' || !this.#deps.mayGoOn(key));
  }

  #settle(key: string, isOver: boolean): void {
    this.#found.set(key, 'taken');
    if (isOver) this.#waiting.delete(key);
  }

  async #look(path: string, checkpoint: () => Promise<void>): Promise<void> {
    const { siteKey, ownFolders, maxNames, maxDepth } = this.#deps;
    const root = await placeOf(path, ownFolders, checkpoint);
    for (const { kind, path: place } of await findExports(root, { maxNames, maxExports, maxDepth }, checkpoint)) {
      const key = hmacSha256(siteKey, `import\0${place}`);
      this.#waiting.set(key, { key, kind, path: place, name: basename(place), isImported: true });
      this.#found.set(key, 'waiting');
    }
  }
}
