import { constants, type Stats } from 'node:fs';
import { codeOf } from '../../core/errors.ts';
import { CartoError } from '../error.ts';

/** What was seen of a file when it was listed. */
export interface Listed {
  readonly bytes: number;
  readonly mtimeMs: number;
}

/** `O_NOFOLLOW` and the second look guard against an entry that was exchanged after it was listed. */
export const openFlags = constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK;

/** The second look: an opened file is still what was listed. */
export function expectUnchanged(stats: Stats, { bytes, mtimeMs }: Listed): void {
  if (!stats.isFile() || stats.size !== bytes || stats.mtimeMs !== mtimeMs) throw changed();
}

export function changed(): CartoError {
  return new CartoError('UNREADABLE', 'a file changed between listing and reading', {
    hint: 'The export is still being written or copied. It is tried again when it has settled.',
  });
}

/** System errors name the path; only their code goes on. */
export async function safely<T>(work: Promise<T>): Promise<T> {
  try {
    return await work;
  } catch (error) {
    throw unreadable(error);
  }
}

/** The same for what is done while the thread waits. */
export function safelyNow<T>(work: () => T): T {
  try {
    return work();
  } catch (error) {
    throw unreadable(error);
  }
}

function unreadable(error: unknown): CartoError {
  return new CartoError('UNREADABLE', `the source could not be read (${codeOf(error) ?? 'unknown reason'})`, {
    hint: 'Check that the folder is mounted and that the service may read it.',
  });
}
