import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { hmacSha256, type Sha256 } from '../../core/digest.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';

/** One thing lying in an inbox: a folder (an export), or a container that this release cannot open. */
export interface Entry {
  /** Keyed digest of inbox and name: recognises the entry again, says nothing about its name. */
  readonly key: Sha256;
  readonly kind: 'folder' | 'container';
  readonly path: string;
  readonly name: string;
}

const container = /\.(zip|7z|rar|tar|gz|iso)$/i;

/** Lists an inbox: folders and containers, no hidden names, no links, no stray files. */
export async function listInbox(inbox: string, siteKey: Uint8Array, checkpoint: Checkpoint): Promise<readonly Entry[]> {
  await checkpoint();
  const found = await readdir(inbox, { withFileTypes: true });
  return found
    .filter(
      (entry) => !entry.name.startsWith('.') && (entry.isDirectory() || (entry.isFile() && container.test(entry.name))),
    )
    .sort((a, b) => (a.name < b.name ? -1 : 1))
    .map((entry) => ({
      key: hmacSha256(siteKey, `inbox\0${inbox}\0${entry.name}`),
      kind: entry.isDirectory() ? 'folder' : 'container',
      path: join(inbox, entry.name),
      name: entry.name,
    }));
}
