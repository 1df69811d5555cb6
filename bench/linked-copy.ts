import { linkSync, mkdirSync, readdirSync } from 'node:fs';
import { dirname, join } from 'node:path';

/** A folder with the same files under another name, without their bytes: hard links, for a backlog of many exports. */
export function linkedCopy(from: string, to: string): void {
  for (const entry of readdirSync(from, { withFileTypes: true, recursive: true })) {
    if (!entry.isFile()) continue;
    const name = join(entry.parentPath, entry.name);
    const target = join(to, name.slice(from.length));
    mkdirSync(dirname(target), { recursive: true });
    linkSync(name, target);
  }
}
