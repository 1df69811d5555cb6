import { z } from 'zod';
import { archiveIdSchema, sha256Schema, tierSchema } from '../protocol/ids.ts';
import { ArchiveError } from './archive-error.ts';
import { checkNames } from './entry-name.ts';
import { type ArchiveIdentity, formatName, maxChunkBytes, maxFiles } from './format.ts';

/** A stretch of plaintext: chunk number, offset in its plaintext, length. Bytes. */
export type Place = readonly [chunk: number, offset: number, length: number];

const count = z.int().nonnegative();
const placeSchema = z.tuple([count, count.max(maxChunkBytes - 1), z.int().min(1).max(maxChunkBytes)]).readonly();

const entrySchema = z
  .strictObject({
    name: z.string(),
    kind: z.string().min(1).max(64),
    bytes: count,
    sha256: sha256Schema,
    places: z.array(placeSchema).readonly(),
  })
  .readonly();

const unchangedSchema = entrySchema.unwrap().omit({ places: true }).readonly();

const contentsSchema = z
  .strictObject({
    format: z.literal(formatName),
    archiveId: archiveIdSchema,
    tier: tierSchema,
    /** All of them, the one that holds this index included. */
    chunks: z.int().min(1),
    files: z.array(entrySchema).max(maxFiles).readonly(),
    /** Of a delta: the whole archive that it stands on, and the files that are as they were there. */
    base: archiveIdSchema.optional(),
    unchanged: z.array(unchangedSchema).max(maxFiles).readonly().optional(),
  })
  .readonly();

/** One file of an archive: `sha256` and `bytes` of its plaintext, and where that lies, in order. */
export type ArchiveEntry = z.infer<typeof entrySchema>;
/** A file that a delta does not hold, because its base has one of that name with just these bytes. */
export type UnchangedEntry = z.infer<typeof unchangedSchema>;
/** The encrypted index: the last chunk of every archive. */
export type Contents = z.infer<typeof contentsSchema>;

/** The index as bytes. Parsed first: an index that readers would refuse is never sealed. */
export function encodeContents(contents: Contents): Buffer {
  return Buffer.from(JSON.stringify(contentsSchema.parse(contents)));
}

/** What the file itself shows of the archive. */
export interface FoundArchive extends ArchiveIdentity {
  readonly chunks: number;
  readonly isDelta: boolean;
}

/** Parses and checks an index against the file it was found in. Throws DAMAGED, or UNSAFE_NAME. */
export function decodeContents(bytes: Uint8Array, found: FoundArchive): Contents {
  const contents = parse(bytes);
  if (contents.archiveId !== found.archiveId || contents.tier !== found.tier || contents.chunks !== found.chunks) {
    throw new ArchiveError('DAMAGED', `the index speaks of another archive, or not of ${found.chunks} chunks`);
  }
  checkPlaces(contents);
  const unchanged = checkBase(contents, found.isDelta);
  checkNames([...contents.files, ...unchanged].map((file) => file.name));
  return contents;
}

/** A delta names its base and what that holds; a whole archive has neither. Returns what the base holds. */
function checkBase({ archiveId, base, files, unchanged }: Contents, isDelta: boolean): readonly UnchangedEntry[] {
  if (isDelta !== (base !== undefined) || isDelta !== (unchanged !== undefined) || base === archiveId) {
    throw new ArchiveError('DAMAGED', 'the index and the version disagree about a base');
  }
  if (files.length + (unchanged?.length ?? 0) > maxFiles) {
    throw new ArchiveError('LIMIT_EXCEEDED', `the index lists more than ${maxFiles} files`);
  }
  return unchanged ?? [];
}

function parse(bytes: Uint8Array): Contents {
  try {
    return contentsSchema.parse(JSON.parse(new TextDecoder('utf-8', { fatal: true }).decode(bytes)));
  } catch {
    // No cause: a parser's message quotes what it read.
    throw new ArchiveError('DAMAGED', 'the last chunk is not an index');
  }
}

/** Places lie in data chunks, add up, and together hold no more than the data chunks can: no bytes are told twice. */
function checkPlaces({ files, chunks }: Contents): void {
  let total = 0;
  for (const [position, file] of files.entries()) {
    let sum = 0;
    for (const [chunk, offset, length] of file.places) {
      if (chunk >= chunks - 1 || offset + length > maxChunkBytes) throw misplaced(position);
      sum += length;
    }
    if (sum !== file.bytes) throw misplaced(position);
    total += sum;
  }
  if (total > (chunks - 1) * maxChunkBytes) {
    throw new ArchiveError('LIMIT_EXCEEDED', `the index claims ${total} bytes, its chunks cannot hold them`);
  }
}

function misplaced(position: number): ArchiveError {
  return new ArchiveError('DAMAGED', `the places of file ${position} do not add up`);
}
