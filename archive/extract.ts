import { constants } from 'node:fs';
import { lstat, mkdir, open, realpath, unlink } from 'node:fs/promises';
import { dirname, join } from 'node:path';
import { codeOf } from '../core/errors.ts';
import { isInside } from '../core/files.ts';
import { type Checkpoint, passAlways } from '../core/gate-flag.ts';
import { ArchiveError } from './archive-error.ts';
import { isSafeName } from './entry-name.ts';
import type { WholeArchive } from './whole.ts';

/** What was written out. */
export interface Extracted {
  readonly files: number;
  readonly bytes: number;
}

/**
 * Writes every file of an archive out below `folder`, which must exist. Files are created, never replaced; nothing is
 * followed: a link where a folder should be is refused (UNSAFE_NAME). A file that fails its digest is removed again;
 * those before it stay, and are whole. Rejects with EEXIST where a file of that name already is, and with BASE_NEEDED
 * for a delta alone.
 */
export async function extractArchive(
  reader: WholeArchive,
  folder: string,
  checkpoint: Checkpoint = passAlways,
): Promise<Extracted> {
  if (reader.base !== undefined) {
    throw new ArchiveError('BASE_NEEDED', 'the archive holds only what differs from its base', {
      hint: 'Open the base as well; together they are the study.',
    });
  }
  const root = await realpath(folder);
  const known = new Set([root]);
  let bytes = 0;
  for (const { name } of reader.files) {
    await checkpoint();
    const path = await pathFor(root, name, known);
    bytes += await writeOut(reader.read(name), path, checkpoint);
  }
  return { files: reader.files.length, bytes };
}

async function pathFor(root: string, name: string, known: Set<string>): Promise<string> {
  const path = join(root, ...name.split('/'));
  if (!isSafeName(name) || !isInside(root, name))
    throw new ArchiveError('UNSAFE_NAME', 'a name leads out of the folder');
  await makeFolders(dirname(path), known);
  return path;
}

/** Makes the missing folders one by one, so that each is known to be a real one and not a link to elsewhere. */
async function makeFolders(folder: string, known: Set<string>): Promise<void> {
  if (known.has(folder)) return;
  await makeFolders(dirname(folder), known);
  try {
    await mkdir(folder, { mode: 0o700 });
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    if (!(await lstat(folder)).isDirectory()) {
      throw new ArchiveError('UNSAFE_NAME', 'where a folder should be there is a link or a file', {
        hint: 'Write into an empty folder.',
      });
    }
  }
  known.add(folder);
}

async function writeOut(pieces: AsyncIterable<Uint8Array>, path: string, checkpoint: Checkpoint): Promise<number> {
  const { O_CREAT, O_EXCL, O_NOFOLLOW, O_WRONLY } = constants;
  const handle = await open(path, O_WRONLY | O_CREAT | O_EXCL | O_NOFOLLOW, 0o600);
  let bytes = 0;
  try {
    for await (const piece of pieces) {
      await handle.writeFile(piece);
      bytes += piece.length;
      await checkpoint();
    }
  } catch (error) {
    await unlink(path);
    throw error;
  } finally {
    await handle.close();
  }
  return bytes;
}
