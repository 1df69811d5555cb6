import { readFileSync } from 'node:fs';

/** What this process, with all its threads, has had written so far. */
export interface OwnIo {
  /** Bytes of pages that were made dirty on their way to a disk (`write_bytes`); nothing of what lies in memory alone. */
  readonly storageBytes: number;
  /** Bytes that were handed to write calls (`wchar`), to sockets and pipes too. */
  readonly calledBytes: number;
}

export function ownIo(): OwnIo {
  const text = readFileSync('/proc/self/io', 'utf8');
  const of = (name: string) => Number(new RegExp(`^${name}: (\\d+)$`, 'm').exec(text)?.[1] ?? 0);
  return { storageBytes: of('write_bytes'), calledBytes: of('wchar') };
}

/** Bytes that this process has had written to a disk so far. */
export function bytesWritten(): number {
  return ownIo().storageBytes;
}
