import type { Source, SourceFile } from '../source.ts';

/** Files by path; text is written as UTF-8. */
export type MemoryFiles = Readonly<Record<string, string | Uint8Array>>;

/** A source that holds its files in memory. `pieceBytes`: how it hands them over. */
export function memorySource(
  files: MemoryFiles,
  more: { readonly name?: string; readonly pieceBytes?: number } = {},
): Source {
  const { pieceBytes = 1 << 18, ...named } = more;
  return {
    ...named,
    files: Object.entries(files).map(([path, content]) => fileOf(path, Buffer.from(content as string), pieceBytes)),
  };
}

function fileOf(path: string, content: Buffer, pieceBytes: number): SourceFile {
  return {
    path,
    bytes: content.length,
    mtimeMs: 0,
    async *open() {
      for (let at = 0; at < content.length; at += pieceBytes) yield content.subarray(at, at + pieceBytes);
    },
  };
}

/** Reads files that are written while they are read, all of them. */
export async function collect(
  files: Iterable<{ readonly name: string; open(): AsyncIterable<Uint8Array> }>,
): Promise<Record<string, Buffer>> {
  const contents: Record<string, Buffer> = {};
  for (const file of files) {
    const pieces: Uint8Array[] = [];
    for await (const piece of file.open()) pieces.push(piece);
    contents[file.name] = Buffer.concat(pieces);
  }
  return contents;
}
