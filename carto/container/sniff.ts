import { stat } from 'node:fs/promises';
import { FileBytes } from './file-bytes.ts';
import { safely } from './listed-file.ts';

export type ContainerKind = 'zip' | '7z' | 'other';

// biome-ignore format: the columns are the documentation
const magics = [
  ['zip', 'PK\x03\x04'],                // the first entry
  ['zip', 'PK\x05\x06'],                // no entry at all
  ['zip', 'PK\x07\x08PK\x03\x04'],      // once meant for several disks
  ['7z',  '7z\xbc\xaf\x27\x1c'],
] as const;

/** Enough to tell a container by what it begins with. */
export const magicBytes = 8;

/** What a file is by its first bytes. CARTO itself has named 7-Zip archives `.zip`: a name says nothing. */
export function containerOf(head: Buffer): ContainerKind {
  const begins = head.toString('latin1', 0, magicBytes);
  return magics.find(([, magic]) => begins.startsWith(magic))?.[0] ?? 'other';
}

/** What the file at a path is by its first bytes. Throws UNREADABLE; the message does not hold the path. */
export async function sniffContainer(path: string): Promise<ContainerKind> {
  const { size, mtimeMs } = await safely(stat(path));
  const bytes = await FileBytes.open(path, { bytes: size, mtimeMs });
  try {
    return containerOf(await bytes.read(0, Math.min(magicBytes, size)));
  } finally {
    await bytes.close();
  }
}
