import { setTimeout as sleep } from 'node:timers/promises';
import type { Source, SourceFile } from '../../carto/index.ts';
import type { Checkpoint } from '../../core/gate-flag.ts';

/** Longest sleep between two looks at the gate, in milliseconds. */
const napMs = 20;

interface Deps {
  readonly bytesPerSecond: number;
  readonly checkpoint: Checkpoint;
  readonly nowMs?: () => number;
  readonly nap?: (ms: number) => Promise<unknown>;
}

/**
 * The same source, read no faster than the site allows: the workstation's disk or share has others to serve. What comes
 * out of a container is counted as it comes out. No file has a place any more: nobody reads beside the pace.
 */
export function pacedSource(source: Source, deps: Deps): Source {
  const pace = new Pace(deps);
  const { name, leftOut, container } = source;
  return {
    ...(name === undefined ? {} : { name }),
    ...(leftOut === undefined ? {} : { leftOut }),
    ...(container === undefined ? {} : { container }),
    files: source.files.map((file) => pacedFile(file, pace)),
    close: async () => source.close?.(),
  };
}

function pacedFile(file: SourceFile, pace: Pace): SourceFile {
  const { path, bytes, mtimeMs } = file;
  return { path, bytes, mtimeMs, open: (into) => pace.through(file.open(into)) };
}

class Pace {
  readonly #deps: Deps;
  /** When the next piece may be asked for. */
  #freeMs = Number.NEGATIVE_INFINITY;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async *through(pieces: AsyncIterable<Uint8Array>): AsyncGenerator<Uint8Array> {
    const { bytesPerSecond, nowMs = () => performance.now() } = this.#deps;
    await this.#wait();
    for await (const piece of pieces) {
      this.#freeMs = Math.max(this.#freeMs, nowMs()) + (1000 * piece.length) / bytesPerSecond;
      yield piece;
      await this.#wait();
    }
  }

  /** In naps, with a look at the gate after each: a procedure that starts does not wait for the pace. */
  async #wait(): Promise<void> {
    const { checkpoint, nowMs = () => performance.now(), nap = sleep } = this.#deps;
    for (let left = this.#freeMs - nowMs(); left > 0; left = this.#freeMs - nowMs()) {
      await nap(Math.min(left, napMs));
      await checkpoint();
    }
  }
}
