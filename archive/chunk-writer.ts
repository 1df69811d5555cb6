import { ArchiveError } from './archive-error.ts';
import type { BuildFile } from './build-file.ts';
import { sealChunk } from './chunk.ts';
import { type ArchiveEntry, encodeContents, type Place } from './contents.ts';
import type { DeltaPlan } from './delta.ts';
import { type ArchiveIdentity, formatName, maxIndexBytes } from './format.ts';
import { Packer } from './packer.ts';

/** The pieces of work between which a build may wait, in the order in which they first come. */
export type BuildStep = 'read' | 'compress' | 'insert' | 'flush' | 'commit' | 'hash' | 'keys' | 'place';

/** Waits until the step may be taken; rejects when the build must stop. */
export type EnterStep = (step: BuildStep) => Promise<void>;

interface ChunkWriterDeps {
  readonly file: BuildFile;
  readonly identity: ArchiveIdentity;
  readonly dataKey: Uint8Array;
  readonly enter: EnterStep;
}

/** Turns plaintext into sealed chunks of one archive, numbered as they come. */
export class ChunkWriter {
  readonly #deps: ChunkWriterDeps;
  readonly #packer = new Packer();
  #n = 0;

  constructor(deps: ChunkWriterDeps) {
    this.#deps = deps;
  }

  /** Adds a piece of one file, whatever its length, and notes in `places` where it went. */
  async write(bytes: Uint8Array, places: Place[]): Promise<void> {
    for (let rest = bytes; rest.length > 0; ) {
      const { offset, length } = this.#packer.add(rest);
      note(places, [this.#n, offset, length]);
      rest = rest.subarray(length);
      if (this.#packer.isFull) await this.endPack();
    }
  }

  /** Ends the current chunk, so that what follows does not share it. */
  async endPack(): Promise<void> {
    if (this.#packer.isEmpty) return;
    await this.#put(this.#packer.bytes);
    this.#packer.clear();
  }

  /** Writes the index as the last chunk. Throws LIMIT_EXCEEDED when it would be larger than readers accept. */
  async writeIndex(files: readonly ArchiveEntry[], delta?: DeltaPlan): Promise<void> {
    const { archiveId, tier } = this.#deps.identity;
    const index = encodeContents({ format: formatName, archiveId, tier, chunks: this.#n + 1, files, ...delta });
    if (index.length > maxIndexBytes) {
      throw new ArchiveError(
        'LIMIT_EXCEEDED',
        `the index of ${files.length} files is larger than ${maxIndexBytes} bytes`,
      );
    }
    await this.#put(index);
  }

  async #put(plain: Uint8Array): Promise<void> {
    const { file, identity, dataKey, enter } = this.#deps;
    await enter('compress');
    const sealed = sealChunk(dataKey, identity, this.#n, plain);
    await enter('insert');
    file.insert(this.#n, sealed);
    this.#n += 1;
    if (await file.isFlushDue()) {
      await enter('flush');
      await file.flush();
    }
  }
}

/** Notes a stretch; one that continues the last becomes part of it. */
function note(places: Place[], [chunk, offset, length]: Place): void {
  const last = places.at(-1);
  if (last && last[0] === chunk && last[1] + last[2] === offset)
    places.splice(-1, 1, [chunk, last[1], last[2] + length]);
  else places.push([chunk, offset, length]);
}
