import { ArchiveError } from './archive-error.ts';
import type { ArchiveEntry } from './contents.ts';
import type { ArchiveReader } from './reader.ts';

/** A study that can be read from end to end: an archive that is no delta, or a delta with its base. */
export interface WholeArchive {
  readonly archiveId: string;
  readonly base?: string;
  readonly files: readonly Pick<ArchiveEntry, 'name' | 'kind' | 'bytes' | 'sha256'>[];
  /** As `ArchiveReader.read`. */
  read(name: string): AsyncIterable<Uint8Array>;
}

/**
 * A delta together with its base: the whole study, as it was when the delta was sealed. Both stay open until it has
 * been read. Every file that the delta leaves out must be in the base under the same name, with the same digest; so what
 * is read is proved as if one archive held it. Throws BASE_NEEDED or BASE_DIFFERS.
 */
export function wholeOf(delta: ArchiveReader, base?: ArchiveReader): WholeArchive {
  if (delta.base === undefined) return delta;
  if (base === undefined) throw new ArchiveError('BASE_NEEDED', 'the archive stands on a base that is not here');
  if (base.archiveId !== delta.base || base.tier !== delta.tier || base.base !== undefined) {
    throw new ArchiveError('BASE_DIFFERS', 'the archive stands on another base');
  }
  const held = new Map(base.files.map((file) => [file.name, file]));
  const inBase = new Set<string>();
  for (const { name, bytes, sha256 } of delta.unchanged) {
    const file = held.get(name);
    if (file?.sha256 !== sha256 || file.bytes !== bytes) {
      throw new ArchiveError('BASE_DIFFERS', 'the base does not hold what the archive leaves out');
    }
    inBase.add(name);
  }
  return {
    archiveId: delta.archiveId,
    files: [...delta.files, ...delta.unchanged],
    read: (name) => (inBase.has(name) ? base : delta).read(name),
  };
}
