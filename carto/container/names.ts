import { CartoError } from '../error.ts';
import type { SourceLimits } from './limits.ts';

/**
 * The names of one archive. Nothing is ever written under a name that an archive gives; they are held to what one folder
 * on any system could hold, because whoever reviews or exports the case later may write them.
 */
export class Names {
  readonly #limits: Pick<SourceLimits, 'maxDepth' | 'maxNameLength'>;
  readonly #kind: string;
  readonly #files = new Set<string>();
  readonly #folders = new Set<string>();

  constructor(limits: Pick<SourceLimits, 'maxDepth' | 'maxNameLength'>, kind: string) {
    this.#limits = limits;
    this.#kind = kind;
  }

  /** The path of a file, parts separated by `/`. Throws UNSAFE_NAME or TOO_LARGE. */
  file(name: string): string {
    const parts = this.#partsOf(name);
    const path = parts.join('/');
    const key = foldName(path);
    if (this.#files.has(key) || this.#folders.has(key)) throw this.#unsafe('two entries of an archive share a name');
    this.#files.add(key);
    this.#enter(parts.slice(0, -1));
    return path;
  }

  /** Folders may be named again and again. */
  folder(name: string): void {
    if (name !== './') this.#enter(this.#partsOf(name.replace(/[\\/]$/, '')));
  }

  #enter(folders: readonly string[]): void {
    if (folders.length > this.#limits.maxDepth) {
      throw new CartoError('TOO_LARGE', `folders nest deeper than the limit of ${this.#limits.maxDepth}`, {
        kind: this.#kind,
      });
    }
    for (
      let path = foldName(folders.join('/'));
      path !== '';
      path = path.slice(0, Math.max(path.lastIndexOf('/'), 0))
    ) {
      if (this.#files.has(path)) throw this.#unsafe('an entry of an archive is a file and a folder');
      if (this.#folders.has(path)) return;
      this.#folders.add(path);
    }
  }

  /** 7-Zip and old .NET write `\` between folders, so no part of a name can hold one. */
  #partsOf(name: string): string[] {
    if (name.length > this.#limits.maxNameLength) {
      throw this.#unsafe(`a name is longer than the limit of ${this.#limits.maxNameLength}`);
    }
    const found = faults.find(([, fault]) => fault.test(name))?.[0];
    if (found !== undefined) throw this.#unsafe(found);
    const parts = name.normalize('NFC').split(/[\\/]/);
    if (parts[0] === '.') parts.shift();
    if (parts.length === 0 || parts.includes('') || parts.includes('.'))
      throw this.#unsafe('a part of a name is empty');
    return parts;
  }

  #unsafe(what: string): CartoError {
    return new CartoError('UNSAFE_NAME', what, { kind: this.#kind });
  }
}

// biome-ignore format: the columns are the documentation
const faults: readonly (readonly [string, RegExp])[] = [
  ['a name is empty',                               /^$/],
  ['a name holds a control character',              /[\p{Cc}\p{Zl}\p{Zp}]/u],
  ['a name is not text',                            /\p{Cs}/u],
  ['a name begins at the root of a file system',    /^[\\/]/],
  ['a name begins with a drive',                    /^[A-Za-z]:/],
  ['a name leads out of its folder',                /(?:^|[\\/])\.\.\s*(?:[\\/]|$)/],
];

/** One key for all names that some file system takes for the same. */
export function foldName(path: string): string {
  return path.normalize('NFC').toUpperCase().toLowerCase().normalize('NFC');
}

// biome-ignore format: the columns are the documentation
const fileTypes: ReadonlyMap<number, string> = new Map([
  [0o010000, 'a pipe'  ],
  [0o020000, 'a device'],
  [0o060000, 'a device'],
  [0o120000, 'a link'  ],
  [0o140000, 'a socket'],
]);

/** Refuses what is neither file nor folder. `mode`: of Unix, 0 when the archive does not say. */
export function expectPlain(mode: number, kind: string): void {
  const type = fileTypes.get(mode & 0o170000);
  if (type !== undefined) throw new CartoError('UNSAFE_NAME', `an entry of an archive is ${type}`, { kind });
}
