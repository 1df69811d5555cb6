import { codeOf, GatewayError } from '../core/errors.ts';

/**
 * What can be wrong with an archive. Never says a file's name, a key or a digest.
 *
 * - `DIGEST_MISMATCH`: size or SHA-256 of the whole file is not what was promised
 * - `NOT_AN_ARCHIVE`: another kind of file, or a format version that this release does not read
 * - `SCHEMA_DIFFERS`: the tables are not the format's, to the letter
 * - `LIMIT_EXCEEDED`: larger, or slower to prove, than the reader allows
 * - `DAMAGED`: something inside contradicts the rest: a tag, a count, a digest, a page
 * - `NOT_A_RECIPIENT`: sealed for others
 * - `FILE_MISSING`: the archive, its keys or the wanted file inside is not there
 * - `BASE_NEEDED`: a delta alone, where a whole study was expected
 * - `BASE_DIFFERS`: a delta and an archive that is not its base, or does not hold what the delta says
 * - `UNSAFE_NAME`: a file name that could leave the folder it is written to, or collides with another
 */
export type ArchiveErrorCode =
  | 'DIGEST_MISMATCH'
  | 'NOT_AN_ARCHIVE'
  | 'SCHEMA_DIFFERS'
  | 'LIMIT_EXCEEDED'
  | 'DAMAGED'
  | 'NOT_A_RECIPIENT'
  | 'FILE_MISSING'
  | 'BASE_NEEDED'
  | 'BASE_DIFFERS'
  | 'UNSAFE_NAME';

export class ArchiveError extends GatewayError<ArchiveErrorCode> {}

/** What SQLite or the file system said about an archive, as an ArchiveError where it is the archive's fault. */
export function asArchiveFault(error: unknown): unknown {
  const code = codeOf(error) ?? '';
  if (code === 'SQLITE_NOTADB' || code === 'SQLITE_ERROR') {
    return new ArchiveError('NOT_AN_ARCHIVE', `SQLite cannot read it (${code})`, { cause: error });
  }
  if (code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_IOERR_SHORT_READ' || code === 'SQLITE_TOOBIG') {
    return new ArchiveError('DAMAGED', `SQLite found a contradiction (${code})`, { cause: error });
  }
  if (code === 'ENOENT') return new ArchiveError('FILE_MISSING', 'there is no such file', { cause: error });
  return error;
}
