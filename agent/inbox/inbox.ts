import { constants } from 'node:fs';
import { open, readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hmacSha256, type Sha256 } from '../../core/digest.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';

/** One thing that may be an export: a folder, or a file that holds one (a container). */
export interface Entry {
  /** Keyed digest of place and name: recognises the entry again, says nothing about its name. */
  readonly key: Sha256;
  readonly kind: 'folder' | 'container';
  readonly path: string;
  readonly name: string;
  /** A person named it (`vestibule import`), so it is whole: no quiet time. */
  readonly isImported?: true;
  /** The person who named it wants it read again, should its case be held. */
  readonly isAskedFor?: true;
}

/** Lists an inbox: folders and containers, no hidden names, no links, no stray files. */
export async function listInbox(inbox: string, siteKey: Uint8Array, checkpoint: Checkpoint): Promise<readonly Entry[]> {
  await checkpoint();
  const found = await readdir(inbox, { withFileTypes: true });
  const entries: Entry[] = [];
  for (const entry of found.toSorted((a, b) => (a.name < b.name ? -1 : 1))) {
    const { name } = entry;
    const path = join(inbox, name);
    if (name.startsWith('.')) continue;
    if (!entry.isDirectory() && !(entry.isFile() && (await isContainer(path, checkpoint)))) continue;
    const key = hmacSha256(siteKey, `inbox\0${inbox}\0${name}`);
    entries.push({ key, kind: entry.isDirectory() ? 'folder' : 'container', path, name });
  }
  return entries;
}

const containerName = /\.(zip|7z|rar|tar|gz|iso)$/i;

// What zip and 7-Zip files begin with. Here only to tell a container from a stray file; `carto/` decides what it is.
const magics = ['PK\x03\x04', 'PK\x05\x06', 'PK\x07\x08', '7z\xbc\xaf\x27\x1c'];

/**
 * Whether a file is to be taken as a container: it begins like one, whatever its name says, or it is called like one,
 * whatever it begins with (it may still be written, or be of a kind that is not read: that is said, not passed over).
 */
export async function isContainer(path: string, checkpoint: Checkpoint): Promise<boolean> {
  if (containerName.test(path)) return true;
  await checkpoint();
  const head = await headOf(path, 6).catch(() => '');
  return magics.some((magic) => head.startsWith(magic));
}

/** The first bytes of a plain file, as Latin-1. Nothing is waited for, and no link is followed. */
export async function headOf(path: string, bytes: number): Promise<string> {
  const file = await open(path, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
  try {
    const { buffer, bytesRead } = await file.read(Buffer.alloc(bytes), 0, bytes, 0);
    return buffer.toString('latin1', 0, bytesRead);
  } finally {
    await file.close();
  }
}
