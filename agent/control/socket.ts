import { openSync } from 'node:fs';
import { basename, dirname } from 'node:path';

/** Linux allows 107 bytes for a socket's path. */
const longestPath = 107;

/**
 * A path under which a unix socket can be bound or reached, however long its real path is: longer ones go through an
 * open handle of their folder, which stays open for the life of the process.
 */
export function reachable(path: string): string {
  if (Buffer.byteLength(path) <= longestPath) return path;
  return `/proc/self/fd/${openSync(dirname(path), 'r')}/${basename(path)}`;
}
