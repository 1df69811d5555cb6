import { Copyist, type DeskCopy, type FileOrder } from '../carto/index.ts';
import type { Checkpoint } from '../core/gate-flag.ts';
import { bytesOf, type CopiedPack } from './copied-pack.ts';
import { copyPack } from './copy-pack.ts';
import type { EnterStep } from './step.ts';

/** Packs that are written from the copy of a study, in the order in which they are wanted. */
export interface CopyJob {
  readonly desk: DeskCopy;
  readonly packs: readonly (readonly FileOrder[])[];
}

/** What became of one pack: `copied` is undefined where it has to be written at the study's own desk. */
export interface CopyResult {
  readonly at: number;
  readonly copied: CopiedPack | undefined;
}

/** A second thread at work on the packs of one job. Whoever takes a pack claims it first, so each is made once. */
export interface SecondHand {
  /** The first pack that nobody has claimed; undefined when none is left. */
  claim(): number | undefined;
  /** What it has made and nobody has taken yet. Throws when it failed. */
  take(): readonly CopyResult[];
  /** Resolves when it has made something, stands still at the gate, or has failed. */
  change(): Promise<void>;
  /** Says that a pack of so many bytes is held no longer: it makes no more than it has room for. */
  release(bytes: number): void;
  /** No more packs are wanted; resolves when it stands still. */
  end(): Promise<void>;
}

export type HireSecondHand = (job: CopyJob) => SecondHand;

/** So much is made ahead of its turn by this thread. */
const maxAheadBytes = 8 << 20;

interface Deps {
  readonly job: CopyJob;
  readonly hire: HireSecondHand | undefined;
  readonly checkpoint: Checkpoint;
  readonly enter: EnterStep;
}

/** Hands out copied packs in order, whoever makes them: this thread, or a second one beside it. */
export class PackLine {
  readonly #deps: Deps;
  readonly #copyist: Copyist;
  readonly #hand: SecondHand;
  readonly #ready = new Map<number, { readonly copied: CopiedPack | undefined; readonly isOurs: boolean }>();
  #aheadBytes = 0;

  static async begin(deps: Deps): Promise<PackLine> {
    const { job, checkpoint, enter } = deps;
    const copyist = new Copyist(job.desk, checkpoint);
    // The copy of a large study takes its time, here and on its way to the other thread.
    await enter('plan');
    return new PackLine(deps, copyist);
  }

  private constructor(deps: Deps, copyist: Copyist) {
    const { job, hire } = deps;
    this.#deps = deps;
    this.#copyist = copyist;
    this.#hand = hire ? hire(job) : nobody(job.packs.length);
  }

  /** Pack `at`; undefined where it has to be written at the desk. To be asked for in order, each once. */
  async next(at: number): Promise<CopiedPack | undefined> {
    for (;;) {
      for (const { at, copied } of this.#hand.take()) this.#ready.set(at, { copied, isOurs: false });
      const made = this.#ready.get(at);
      if (made) return this.#handOver(at, made);
      await this.#makeOrWait();
    }
  }

  end(): Promise<void> {
    return this.#hand.end();
  }

  #handOver(at: number, { copied, isOurs }: { copied: CopiedPack | undefined; isOurs: boolean }) {
    this.#ready.delete(at);
    const bytes = copied ? bytesOf(copied) : 0;
    if (isOurs) this.#aheadBytes -= bytes;
    else this.#hand.release(bytes);
    return copied;
  }

  /** Rather than wait for the pack that is wanted, one further on is made. */
  async #makeOrWait(): Promise<void> {
    const { job, enter } = this.#deps;
    const mine = this.#aheadBytes < maxAheadBytes ? this.#hand.claim() : undefined;
    if (mine === undefined) {
      await this.#hand.change();
      return enter('read');
    }
    const copied = await copyPack(this.#copyist, job.packs[mine] ?? [], enter);
    this.#aheadBytes += copied ? bytesOf(copied) : 0;
    this.#ready.set(mine, { copied, isOurs: true });
  }
}

/** One thread alone. */
function nobody(packs: number): SecondHand {
  let next = 0;
  return {
    claim: () => (next < packs ? next++ : undefined),
    take: () => [],
    change: async () => {},
    release: () => {},
    end: async () => {},
  };
}
