import { type Extent, nextExtent } from './block-pace.ts';
import type { StagedBlock } from './delivery-commands.ts';

/**
 * Which bytes of an archive are staged, are on their way, and are left. What was staged earlier counts as there until the
 * endpoint's list says otherwise.
 */
export class Staging {
  readonly #totalBytes: number;
  #earlier: readonly StagedBlock[];
  readonly #now: StagedBlock[] = [];
  #covered: Extent[];

  constructor(totalBytes: number, earlier: readonly StagedBlock[]) {
    this.#totalBytes = totalBytes;
    this.#earlier = earlier;
    this.#covered = [...earlier];
  }

  /** Takes the next bytes that nobody has taken, at most so many; undefined when there are none. */
  take(bytes: number): Extent | undefined {
    const extent = nextExtent(this.#totalBytes, this.#covered, bytes);
    if (extent) this.#covered.push(extent);
    return extent;
  }

  staged(block: StagedBlock): void {
    this.#now.push(block);
  }

  /** Of what was staged earlier, the endpoint has only these: the rest is left again. */
  found(kept: readonly StagedBlock[]): void {
    const lost = new Set<Extent>(this.#earlier.filter((block) => !kept.includes(block)));
    this.#covered = this.#covered.filter((extent) => !lost.has(extent));
    this.#earlier = kept;
  }

  /** What is staged, in the order of its bytes. */
  get blocks(): readonly StagedBlock[] {
    return [...this.#earlier, ...this.#now].toSorted((a, b) => a.start - b.start);
  }
}
