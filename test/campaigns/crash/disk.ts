import { mkdirSync, writeFileSync } from 'node:fs';
import { dirname, join, relative } from 'node:path';
import type { Dice } from '../../harness/random.ts';
import type { Change } from './recording.ts';

/**
 * What a power cut leaves of what was not synced.
 *
 * - `all`: everything that was written: what a killed process leaves, or a kernel that had time
 * - `none`: nothing but what an fsync of that very file or folder made durable
 * - `ordered`: names in their order up to some point, each with every sync before it, as a journal does (ext4); of each
 *   file's writes a beginning, the last one torn
 * - `worst`: of each folder's names and each file's writes any selection, writes torn at sectors of 512 or 4,096 bytes,
 *   or the length kept and zeros where the bytes should be
 */
export type Cut = 'all' | 'none' | 'ordered' | 'worst';

type FileChange = { readonly offset: number; readonly bytes: Buffer } | { readonly size: number };

interface DiskFile {
  /** What the last fsync made durable. */
  durable: Buffer;
  pending: FileChange[];
}

type NameChange =
  | { readonly kind: 'create'; readonly path: string; readonly inode: bigint }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: bigint }
  | { readonly kind: 'unlink' | 'mkdir' | 'rmdir'; readonly path: string };

/** Names and contents of a folder at one moment, by path within it. */
export interface Snapshot {
  readonly folders: ReadonlySet<string>;
  readonly files: ReadonlyMap<string, Buffer>;
}

interface Names {
  readonly folders: Set<string>;
  readonly files: Map<string, bigint>;
}

/** A disk as it fills, change by change: what is durable, and what would be lost or torn if the power went now. */
export class Disk {
  readonly #root: string;
  readonly #files = new Map<bigint, DiskFile>();
  readonly #durable: Names;
  #pending: NameChange[] = [];

  /** Begins with what was there, all of it durable. */
  constructor(root: string, before: Snapshot) {
    this.#root = root;
    this.#durable = { folders: new Set(before.folders), files: new Map() };
    let made = -1n;
    for (const [path, bytes] of before.files) {
      this.#files.set(made, { durable: bytes, pending: [] });
      this.#durable.files.set(path, made--);
    }
  }

  /** The inodes of what was there before, so that changes find it. */
  adopt(inodes: ReadonlyMap<string, bigint>): void {
    for (const [path, inode] of inodes) {
      const made = this.#durable.files.get(path);
      const file = made === undefined ? undefined : this.#files.get(made);
      if (!file) throw new Error(`${path} was not there before`);
      this.#files.set(inode, file);
      this.#durable.files.set(path, inode);
    }
  }

  apply(change: Change): void {
    switch (change.kind) {
      case 'create':
        this.#files.set(change.inode, { durable: Buffer.alloc(0), pending: [] });
        this.#pending.push({ ...change, path: this.#within(change.path) });
        break;
      case 'write':
        this.#file(change.inode).pending.push(change);
        break;
      case 'truncate':
        this.#file(change.inode).pending.push(change);
        break;
      case 'sync': {
        const file = this.#file(change.inode);
        file.durable = contentOf(file.durable, file.pending);
        file.pending = [];
        break;
      }
      case 'rename':
        this.#pending.push({ ...change, from: this.#within(change.from), to: this.#within(change.to) });
        break;
      case 'unlink':
      case 'mkdir':
      case 'rmdir':
        this.#pending.push({ kind: change.kind, path: this.#within(change.path) });
        break;
      case 'sync-folder': {
        const folder = this.#within(change.path);
        for (const one of this.#pending) if (folderOf(one) === folder) applyName(this.#durable, one);
        this.#pending = this.#pending.filter((one) => folderOf(one) !== folder);
        break;
      }
      case 'mark':
        break;
    }
  }

  /** What the disk holds if the power goes now. */
  cut(how: Cut, dice: Dice): Snapshot {
    const names = { folders: new Set(this.#durable.folders), files: new Map(this.#durable.files) };
    for (const one of this.#survivingNames(how, dice)) applyName(names, one);
    const contents = new Map<bigint, Buffer>();
    const files = new Map<string, Buffer>();
    for (const [path, inode] of names.files) {
      // A name whose folder was lost is lost with it.
      if (!isReachable(path, names.folders)) continue;
      const { durable, pending } = this.#file(inode);
      const content = contents.get(inode) ?? contentOf(durable, survivingWrites(pending, how, dice));
      contents.set(inode, content);
      files.set(path, content);
    }
    const folders = [...names.folders].filter((path) => isReachable(path, names.folders));
    return { folders: new Set(folders), files };
  }

  #survivingNames(how: Cut, dice: Dice): readonly NameChange[] {
    if (how === 'all') return this.#pending;
    if (how === 'none') return [];
    if (how === 'ordered') return this.#pending.slice(0, dice.below(this.#pending.length + 1));
    return this.#pending.filter(() => dice.once(2));
  }

  #file(inode: bigint): DiskFile {
    const file = this.#files.get(inode);
    if (!file) throw new Error('the recording changes a file that it never saw made');
    return file;
  }

  #within(path: string): string {
    return relative(this.#root, path);
  }
}

function folderOf(change: NameChange): string {
  const path = change.kind === 'rename' ? change.to : change.path;
  const folder = dirname(path);
  return folder === '.' ? '' : folder;
}

function applyName(names: Names, change: NameChange): void {
  switch (change.kind) {
    case 'create':
      names.files.set(change.path, change.inode);
      break;
    case 'rename':
      if (names.files.get(change.from) === change.inode) names.files.delete(change.from);
      names.files.set(change.to, change.inode);
      break;
    case 'unlink':
      names.files.delete(change.path);
      break;
    case 'mkdir':
      names.folders.add(change.path);
      break;
    case 'rmdir':
      names.folders.delete(change.path);
      break;
  }
}

function isReachable(path: string, folders: ReadonlySet<string>): boolean {
  for (let folder = dirname(path); folder !== '.'; folder = dirname(folder)) if (!folders.has(folder)) return false;
  return true;
}

function survivingWrites(pending: readonly FileChange[], how: Cut, dice: Dice): readonly FileChange[] {
  if (how === 'all' || pending.length === 0) return pending;
  if (how === 'none') return [];
  if (how === 'ordered') {
    const whole = dice.below(pending.length + 1);
    const torn = pending[whole];
    return [...pending.slice(0, whole), ...(torn ? tear(torn, dice) : [])];
  }
  if (dice.once(5)) return pending.map(zeroed);
  const keep = 1 + dice.below(4);
  return pending.flatMap((change) => {
    if (!dice.once(keep)) return [];
    return dice.once(3) ? tear(change, dice) : [change];
  });
}

/** Some sectors of a write: its beginning, or any of them. */
function tear(change: FileChange, dice: Dice): FileChange[] {
  if (!('bytes' in change)) return dice.once(2) ? [change] : [];
  const sector = dice.pick([512, 4096]);
  const firstBytes = sector - (change.offset % sector);
  const pieces: FileChange[] = [];
  const isPrefix = dice.once(2);
  for (let at = 0; at < change.bytes.length; ) {
    const end = Math.min(change.bytes.length, at === 0 ? firstBytes : at + sector);
    if (dice.once(2)) pieces.push({ offset: change.offset + at, bytes: change.bytes.subarray(at, end) });
    else if (isPrefix) break;
    at = end;
  }
  return pieces;
}

/** The file has its length, but not the bytes: metadata was faster. */
function zeroed(change: FileChange): FileChange {
  return 'bytes' in change ? { offset: change.offset, bytes: Buffer.alloc(change.bytes.length) } : change;
}

/** A file's bytes after changes; what nobody wrote is zero. */
function contentOf(before: Buffer, changes: readonly FileChange[]): Buffer {
  if (changes.length === 0) return before;
  let size = before.length;
  let most = size;
  for (const change of changes) {
    size = 'bytes' in change ? Math.max(size, change.offset + change.bytes.length) : change.size;
    most = Math.max(most, size);
  }
  const content = Buffer.alloc(most);
  before.copy(content);
  let end = before.length;
  for (const change of changes) {
    if ('bytes' in change) {
      change.bytes.copy(content, change.offset);
      end = Math.max(end, change.offset + change.bytes.length);
    } else {
      if (change.size < end) content.fill(0, change.size, end);
      end = change.size;
    }
  }
  return content.subarray(0, size);
}

/** Writes a snapshot out below `root`, which must exist and be empty. */
export function materialise({ folders, files }: Snapshot, root: string): void {
  for (const folder of [...folders].sort()) mkdirSync(join(root, folder), { recursive: true, mode: 0o700 });
  for (const [path, bytes] of files) writeFileSync(join(root, path), bytes, { mode: 0o600 });
}
