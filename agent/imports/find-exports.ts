import type { Dirent } from 'node:fs';
import { lstat, readdir, realpath } from 'node:fs/promises';
import { join } from 'node:path';
import { codeOf } from '../../core/errors.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';
import { headOf, isContainer } from '../inbox/index.ts';
import { ImportError } from './import-error.ts';

/** A folder that is an export, or a file that may hold one. */
export interface FoundExport {
  readonly kind: 'folder' | 'container';
  readonly path: string;
}

interface Limits {
  readonly maxNames: number;
  readonly maxExports: number;
  readonly maxDepth: number;
}

/** Folders that a system keeps on a stick for itself. */
const ofTheSystem = /^(?:\.|\$RECYCLE\.BIN$|System Volume Information$)/i;

/**
 * What there is to take at a path that a person named: the path itself when it is an export or a container, else the
 * exports and containers that lie below it, as on a stick with a folder for each patient. Hidden names and links are
 * passed over. Nothing is written. Throws ImportError, whose message holds no name.
 */
export async function findExports(path: string, limits: Limits, checkpoint: Checkpoint): Promise<FoundExport[]> {
  await checkpoint();
  const found: FoundExport[] = [];
  const look = await readable(lstat(path));
  if (look.isFile() && (await isContainer(path, checkpoint))) found.push({ kind: 'container', path });
  if (look.isDirectory()) await new Walk(limits, checkpoint, found).enter(path, 0);
  if (found.length > 0) return found;
  throw new ImportError('IMPORT_NOTHING', 'no export and no zip or 7-Zip container was found', {
    hint: 'Name the folder that holds the export’s study XML, a container, or a folder above several of them.',
  });
}

/**
 * A path without links. Throws IMPORT_OWN_FOLDER when it is one of `ownFolders`, lies in one or holds one: what lies there
 * is taken by itself, or is no export at all.
 */
export async function placeOf(path: string, ownFolders: readonly string[], checkpoint: Checkpoint): Promise<string> {
  await checkpoint();
  const place = await readable(realpath(path));
  for (const folder of ownFolders) {
    await checkpoint();
    const own = await realpath(folder).catch(() => folder);
    if (!lies(place, own) && !lies(own, place)) continue;
    throw new ImportError('IMPORT_OWN_FOLDER', 'this is, or holds, or lies in the data folder or an inbox', {
      hint: 'What lies in an inbox is taken by itself; see `vestibule cases`.',
    });
  }
  return place;
}

/** Whether a path is a folder or lies in it. */
function lies(path: string, folder: string): boolean {
  return path === folder || path.startsWith(folder === '/' ? '/' : `${folder}/`);
}

class Walk {
  readonly #limits: Limits;
  readonly #checkpoint: Checkpoint;
  readonly #found: FoundExport[];
  #names = 0;

  constructor(limits: Limits, checkpoint: Checkpoint, found: FoundExport[]) {
    this.#limits = limits;
    this.#checkpoint = checkpoint;
    this.#found = found;
  }

  async enter(folder: string, depth: number): Promise<void> {
    await this.#checkpoint();
    const names = await this.#list(folder, depth);
    this.#names += names.length;
    if (this.#names > this.#limits.maxNames) throw tooMany('names', this.#limits.maxNames);
    if (await isExport(folder, names, this.#checkpoint)) return this.#add({ kind: 'folder', path: folder });
    for (const entry of names) {
      const path = join(folder, entry.name);
      if (entry.isDirectory() && depth < this.#limits.maxDepth) await this.enter(path, depth + 1);
      else if (entry.isFile() && (await isContainer(path, this.#checkpoint))) this.#add({ kind: 'container', path });
    }
  }

  /** A folder below the first that may not be read is somebody else's. */
  async #list(folder: string, depth: number): Promise<Dirent[]> {
    const listing = readdir(folder, { withFileTypes: true });
    const names = await (depth === 0 ? readable(listing) : listing.catch(() => []));
    return names.filter(({ name }) => !ofTheSystem.test(name)).sort((a, b) => (a.name < b.name ? -1 : 1));
  }

  #add(found: FoundExport): void {
    this.#found.push(found);
    if (this.#found.length > this.#limits.maxExports) throw tooMany('exports', this.#limits.maxExports);
  }
}

/** A mesh, or the study XML, lies directly in an export's folder. One that lost its study XML is said to have. */
async function isExport(folder: string, names: readonly Dirent[], checkpoint: Checkpoint): Promise<boolean> {
  if (names.some((entry) => entry.isFile() && /\.mesh$/i.test(entry.name))) return true;
  for (const entry of names) {
    if (!entry.isFile() || !/\.xml$/i.test(entry.name) || /_Points?_Export\.xml$/i.test(entry.name)) continue;
    await checkpoint();
    const head = await headOf(join(folder, entry.name), 1024).catch(() => '');
    if (/<Study\s/.test(head.replaceAll('\0', ''))) return true;
  }
  return false;
}

async function readable<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw new ImportError('IMPORT_UNREADABLE', `it cannot be read (${codeOf(error) ?? 'unknown reason'})`, {
      hint: 'Check the path, that it is mounted, and that the user of the service may read it.',
    });
  }
}

function tooMany(what: string, limit: number): ImportError {
  return new ImportError('IMPORT_TOO_MANY', `it holds more ${what} than ${limit}`, {
    hint: 'Name a folder further down, and import one after the other.',
  });
}
