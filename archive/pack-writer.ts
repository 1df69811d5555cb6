import { createHash } from 'node:crypto';
import type { PseudonymisedFile } from '../carto/index.ts';
import { compressChunk } from './chunk.ts';
import type { ArchiveEntry, Place } from './contents.ts';
import { Packer } from './packer.ts';
import type { EnterStep } from './step.ts';

/** A file as its pack holds it: the chunks in its places are counted from the pack's first. */
export type PackedFile = ArchiveEntry;

interface PackOrder {
  readonly files: readonly Pick<PseudonymisedFile, 'name' | 'kind' | 'open'>[];
  readonly enter: EnterStep;
  /** Takes each chunk of the pack, compressed, as it comes. */
  readonly put: (frame: Buffer) => Promise<void> | void;
}

/** Writes the files of one pack: each is read, hashed and compressed once. Memory: one chunk. */
export async function writePack({ files, enter, put }: PackOrder): Promise<readonly PackedFile[]> {
  const packer = spares.pop() ?? new Packer();
  try {
    return await writeWith(packer, { files, enter, put });
  } finally {
    packer.clear();
    if (spares.length === 0) spares.push(packer);
  }
}

/** A megabyte that is used again: fresh memory for every pack would have to be collected. */
const spares: Packer[] = [];

async function writeWith(packer: Packer, { files, enter, put }: PackOrder): Promise<readonly PackedFile[]> {
  const packed: PackedFile[] = [];
  let chunk = 0;
  const endChunk = async () => {
    if (packer.isEmpty) return;
    await enter('compress');
    const frame = compressChunk(packer.bytes);
    packer.clear();
    chunk += 1;
    await put(frame);
  };
  for (const { name, kind, open } of files) {
    const hash = createHash('sha256');
    const places: Place[] = [];
    let bytes = 0;
    for await (const piece of stepwise(open({ transient: true }), enter)) {
      hash.update(piece);
      bytes += piece.length;
      for (let rest = piece; rest.length > 0; ) {
        const { offset, length } = packer.add(rest);
        note(places, [chunk, offset, length]);
        rest = rest.subarray(length);
        if (packer.isFull) await endChunk();
      }
    }
    packed.push({ name, kind, bytes, sha256: hash.digest('hex'), places });
  }
  await endChunk();
  return packed;
}

/** Notes a stretch; one that continues the last becomes part of it. */
function note(places: Place[], [chunk, offset, length]: Place): void {
  const last = places.at(-1);
  if (last && last[0] === chunk && last[1] + last[2] === offset)
    places.splice(-1, 1, [chunk, last[1], last[2] + length]);
  else places.push([chunk, offset, length]);
}

/** The same pieces, each fetched only after the step was granted; the source is told when nobody reads on. */
async function* stepwise(source: AsyncIterable<Uint8Array>, enter: EnterStep): AsyncGenerator<Uint8Array> {
  const pieces = source[Symbol.asyncIterator]();
  let ended = false;
  try {
    for (;;) {
      await enter('read');
      const next = await pieces.next();
      if (next.done) {
        ended = true;
        return;
      }
      yield next.value;
    }
  } finally {
    if (!ended) await pieces.return?.();
  }
}
