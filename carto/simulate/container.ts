import { chmod, mkdir, readdir, rename, utimes } from 'node:fs/promises';
import { basename, dirname, join } from 'node:path';
import type { SevenZipModule, SevenZipModuleFactory } from '7z-wasm';
import type { ExportStamp } from './export-stamp.ts';
import { checkWord } from './options.ts';
import { SimulatorError } from './simulator-error.ts';

/** What an export comes in. `7z` is a 7-Zip archive that is named `.zip`; `outer-zip` has a password and holds another. */
export const packKinds = ['folder', 'zip', '7z', 'outer-zip'] as const;
export type PackKind = (typeof packKinds)[number];

export interface PackOptions {
  readonly container?: PackKind;
  /** Of an outer zip. */
  readonly password?: string;
  /** What an outer zip holds; default `zip`. */
  readonly inner?: 'zip' | '7z';
  /** How an outer zip is encrypted; default `aes`. */
  readonly encryption?: 'aes' | 'zipcrypto';
}

/** Throws `BAD_OPTION` for options that do not go together. */
export function checkContainer({ container = 'folder', password }: PackOptions): void {
  checkWord('container', container, packKinds);
  const usable = password !== undefined && /^[\x20-\x7e]{1,64}$/.test(password);
  if (container === 'outer-zip' && !usable) {
    throw new SimulatorError('BAD_OPTION', 'expected a password for the outer zip, found none that can be used', {
      hint: 'Give 1 to 64 characters of ASCII.',
    });
  }
}

/** What the export is called in its inbox. */
export function containerName(exportName: string, stamp: ExportStamp, { container = 'folder' }: PackOptions): string {
  if (container === 'folder') return exportName;
  if (container === 'outer-zip') return `System_Export-${stamp.inNames.replace(' ', '-')}.zip`;
  return `${exportName}.zip`;
}

interface Packing {
  /** The whole export. */
  readonly folder: string;
  /** A folder on the same file system for what is made on the way. */
  readonly workshop: string;
  readonly name: string;
  /** The time of every entry, so that the same export gives the same container. */
  readonly at: Date;
}

/**
 * Packs an export with 7-Zip and returns the container's path; for a folder, the folder's own. Everything goes from disk
 * to disk. An outer zip's bytes differ from run to run, since encryption draws a salt; all others are the same for the
 * same export. Throws `NOT_PACKED`.
 */
export async function packExport(packing: Packing, options: PackOptions): Promise<string> {
  const { container = 'folder', password, inner = 'zip', encryption = 'aes' } = options;
  const { folder, workshop, name, at } = packing;
  if (container === 'folder') return folder;
  await settleTimes(folder, at);
  const first = join(workshop, `${name}.zip`);
  await pack(folder, first, (container === 'outer-zip' ? inner : container) === '7z' ? sevenZip : zip);
  if (container !== 'outer-zip') return first;
  const wrapper = join(workshop, 'outer');
  await mkdir(wrapper);
  await rename(first, join(wrapper, `${name}.zip`));
  await settleTimes(wrapper, at);
  const outer = join(workshop, 'outer.zip');
  const method = encryption === 'aes' ? 'AES256' : 'ZipCrypto';
  await pack(wrapper, outer, ['-tzip', '-mx0', `-mem=${method}`, `-p${password}`]);
  return outer;
}

const zip = ['-tzip', '-mx1', '-mtc=off', '-mcu=on'];
const sevenZip = ['-t7z', '-mx1', '-mtc=off', '-mta=off'];

/** All times below a folder, its own last. */
async function settleTimes(folder: string, at: Date): Promise<void> {
  for (const entry of await readdir(folder, { withFileTypes: true })) {
    const path = join(folder, entry.name);
    if (entry.isDirectory()) await settleTimes(path, at);
    else await utimes(path, at, at);
  }
  await utimes(folder, at, at);
}

/** Runs 7-Zip on a folder's content. The password is an argument inside this process, never one of a process. */
async function pack(folder: string, target: string, method: readonly string[]): Promise<void> {
  const said: string[] = [];
  const note = (line: string) => {
    said.push(line);
  };
  const seven = await load({ print: note, printErr: note });
  const code = inFolders(seven, folder, target, (output) => seven.callMain(['a', ...method, '-bd', '-y', output, '.']));
  // 7-Zip's own file system leaves it writable for everybody.
  if (!code && said.some((line) => line.includes('Everything is Ok'))) return chmod(target, 0o644);
  throw new SimulatorError('NOT_PACKED', 'expected 7-Zip to pack the export, found that it did not', {
    hint: 'Look for free space in the folder, and for names that 7-Zip refuses.',
  });
}

/** Loaded when used. The package is CommonJS, described as if it were not. */
const load: SevenZipModuleFactory = async (options) => {
  const loaded: unknown = (await import('7z-wasm')).default;
  return (loaded as SevenZipModuleFactory)(options);
};

function inFolders(seven: SevenZipModule, folder: string, target: string, run: (output: string) => unknown): unknown {
  seven.FS.mkdir('/in');
  seven.FS.mkdir('/out');
  seven.FS.mount(seven.NODEFS, { root: folder }, '/in');
  seven.FS.mount(seven.NODEFS, { root: dirname(target) }, '/out');
  seven.FS.chdir('/in');
  return run(`/out/${basename(target)}`);
}
