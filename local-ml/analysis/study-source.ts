import { type ArchiveReader, openArchive, type WholeArchive, wholeOf } from '../../archive/index.ts';
import { type OpenOptions, openSource, type Source, type SourceFile } from '../../carto/index.ts';
import type { RecipientKey } from '../../core/envelope.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';

/** Where the study of an analysis is read from: any export, or a sealed archive with a key that opens it. */
export type StudyPlace =
  | ({ readonly kind: 'export'; readonly path: string } & OpenOptions)
  | { readonly kind: 'archive'; readonly path: string; readonly basePath?: string; readonly key: RecipientKey };

/** What is looked at: the catalogue, surfaces, lines per point, lesions. No signal is read. */
const needed =
  /^(?!.*_Points?_Export\.xml$).*(\.xml|\.mesh|_car\.txt)$|(^|\/)(Sites|AblationSites|VisiTagSessions)(_[^/]*)?\.txt$/i;

/** Opens the place and shows of it only what an analysis needs. Close it. */
export async function openStudyPlace(place: StudyPlace, checkpoint: Checkpoint): Promise<Source> {
  if (place.kind === 'export') {
    const { kind: _, path, ...options } = place;
    const source = await openSource(path, checkpoint, options);
    return { ...shown(source.files), close: async () => source.close?.() };
  }
  const reader = await openArchive(place.path, place.key);
  const base = place.basePath === undefined ? undefined : await openArchive(place.basePath, place.key);
  return { ...shown(filesOf(wholeOf(reader, base))), close: async () => closeBoth(reader, base) };
}

function shown(files: readonly SourceFile[]): Source {
  return { files: files.filter(({ path }) => needed.test(path)) };
}

function closeBoth(reader: ArchiveReader, base: ArchiveReader | undefined): void {
  reader.close();
  base?.close();
}

const pieceBytes = 256 * 1024;

function filesOf(archive: WholeArchive): readonly SourceFile[] {
  return archive.files.map(({ name, bytes }) => ({
    ...{ path: name, bytes, mtimeMs: 0 },
    open: async function* () {
      for await (const piece of archive.read(name)) {
        for (let at = 0; at < piece.length; at += pieceBytes) yield piece.subarray(at, at + pieceBytes);
      }
    },
  }));
}
