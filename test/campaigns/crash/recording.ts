import { readFileSync } from 'node:fs';

/** One change of the disk, as shim.c wrote it down. Paths are absolute; `inode` is the file's identity. */
export type Change =
  | { readonly kind: 'create'; readonly path: string; readonly inode: bigint }
  | { readonly kind: 'write'; readonly inode: bigint; readonly offset: number; readonly bytes: Buffer }
  | { readonly kind: 'truncate'; readonly inode: bigint; readonly size: number }
  | { readonly kind: 'sync'; readonly inode: bigint }
  | { readonly kind: 'rename'; readonly from: string; readonly to: string; readonly inode: bigint }
  | { readonly kind: 'unlink' | 'mkdir' | 'rmdir' | 'sync-folder'; readonly path: string }
  | { readonly kind: 'mark'; readonly text: string };

const headerBytes = 32;

/** Reads a recording: the changes in the order in which they were made. */
export function readRecording(path: string): Change[] {
  const log = readFileSync(path);
  const changes: Change[] = [];
  for (let at = 0; at < log.length; ) {
    const [op, pathBytes, otherBytes, dataBytes] = [0, 4, 8, 12].map((offset) => log.readUInt32LE(at + offset));
    const inode = log.readBigUInt64LE(at + 16);
    const offset = Number(log.readBigUInt64LE(at + 24));
    at += headerBytes;
    const take = (bytes = 0) => {
      at += bytes;
      return log.subarray(at - bytes, at);
    };
    const [first, second, bytes] = [String(take(pathBytes)), String(take(otherBytes)), take(dataBytes)];
    changes.push(changeOf(op ?? 0, { path: first, other: second, inode, offset, bytes }));
  }
  return changes;
}

interface Fields {
  readonly path: string;
  readonly other: string;
  readonly inode: bigint;
  readonly offset: number;
  readonly bytes: Buffer;
}

/** The numbers are those of the enum in shim.c. */
function changeOf(op: number, { path, other, inode, offset, bytes }: Fields): Change {
  switch (op) {
    case 1:
      return { kind: 'create', path, inode };
    case 2:
      return { kind: 'write', inode, offset, bytes };
    case 3:
      return { kind: 'truncate', inode, size: offset };
    case 4:
      return { kind: 'sync', inode };
    case 5:
      return { kind: 'rename', from: path, to: other, inode };
    case 6:
      return { kind: 'unlink', path };
    case 7:
      return { kind: 'mkdir', path };
    case 8:
      return { kind: 'rmdir', path };
    case 9:
      return { kind: 'sync-folder', path };
    case 10:
      return { kind: 'mark', text: String(bytes) };
    default:
      throw new Error(`the recording holds an unknown change ${op}`);
  }
}
