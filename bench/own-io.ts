import { readFileSync } from 'node:fs';

/** Bytes that this process has had written to a disk so far. */
export function bytesWritten(): number {
  return Number(/^write_bytes: (\d+)$/m.exec(readFileSync('/proc/self/io', 'utf8'))?.[1] ?? 0);
}
