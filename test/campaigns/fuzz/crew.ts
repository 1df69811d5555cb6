import { type ChildProcess, fork } from 'node:child_process';
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { FailureKind } from './verdict.ts';
import type { Batch, Tally } from './worker.ts';

export interface Failure {
  readonly target: number;
  readonly seed: number;
  readonly index: number;
  readonly failure: FailureKind;
  readonly message: string;
}

export interface CrewOptions {
  /** Holds the corpus, and takes a small file per process. */
  readonly folder: string;
  readonly corpusFile: string;
  readonly processes: number;
  /** A run that has used so much of a processor hangs; one that uses none, after ten times as long. */
  readonly hangMs: number;
  /** After so long no batch is begun any more. */
  readonly withinMs: number;
  /** What a process may hold. */
  readonly maxRssBytes: number;
  readonly onTally: (tally: Tally) => void;
  readonly onFailure: (failure: Failure) => void;
}

/** Heap of a process. What is too much for it dies, and that is a failure of its own. */
const maxHeapMiB = 128;
const lookEveryMs = 500;
const tickMs = 10;

/** Processes that work through batches; one that hangs or dies is replaced, and its batch goes on behind the run. */
export class Crew {
  readonly #options: CrewOptions;
  readonly #queue: Batch[];

  constructor(options: CrewOptions, batches: readonly Batch[]) {
    this.#options = options;
    this.#queue = batches.toReversed();
  }

  async run(): Promise<void> {
    await Promise.all(Array.from({ length: this.#options.processes }, (_, number) => this.#work(number)));
  }

  async #work(number: number): Promise<void> {
    const progress = join(this.#options.folder, `progress-${number}`);
    let child: ChildProcess | undefined;
    const end = performance.now() + this.#options.withinMs;
    while (performance.now() < end) {
      const batch = this.#queue.pop();
      if (!batch) break;
      const isFresh = child === undefined;
      child ??= await this.#start(progress);
      const result = await this.#endOf(batch, child, progress);
      if (typeof result !== 'string' && (isFresh || result.peakRssBytes <= this.#options.maxRssBytes)) {
        this.#options.onTally(result);
        continue;
      }
      child.kill('SIGKILL');
      child = undefined;
      if (typeof result !== 'string') {
        // Thousands of runs before it left their garbage in that process: in one of its own the batch shows what it needs.
        this.#queue.push(batch);
        continue;
      }
      const index = placeIn(progress);
      const { target, seed } = batch;
      this.#options.onFailure({ target, seed, index, failure: result, message: `the run ended as: ${result}` });
      if (index + 1 < batch.to) this.#queue.push({ ...batch, from: index + 1 });
    }
    child?.kill('SIGKILL');
  }

  #start(progress: string): Promise<ChildProcess> {
    const child = fork(join(import.meta.dirname, 'worker.ts'), [this.#options.corpusFile, progress], {
      execArgv: [`--max-old-space-size=${maxHeapMiB}`, '--max-semi-space-size=8'],
      // What a killed process leaves goes with the folder.
      env: { ...process.env, TMPDIR: this.#options.folder },
    });
    return new Promise((resolve, reject) => {
      child.once('message', () => resolve(child));
      child.once('exit', (code) => reject(new Error(`a fuzzing process ended at its start (${code})`)));
    });
  }

  /** The tally of a batch; or `hang` or `died`. */
  #endOf(batch: Batch, child: ChildProcess, progress: string): Promise<Tally | 'hang' | 'died'> {
    return new Promise((resolve) => {
      let [place, since, ticks] = [-1, 0, 0];
      const watch = setInterval(() => {
        const now = placeIn(progress);
        const used = ticksOf(child);
        if (now !== place) [place, since, ticks] = [now, performance.now(), used];
        const [wallMs, cpuMs] = [performance.now() - since, (used - ticks) * tickMs];
        if (cpuMs > this.#options.hangMs || wallMs > 10 * this.#options.hangMs) end('hang');
      }, lookEveryMs);
      const end = (result: Tally | 'hang' | 'died') => {
        clearInterval(watch);
        child.off('message', end);
        child.off('exit', onExit);
        resolve(result);
      };
      const onExit = () => end('died');
      child.once('message', end);
      child.once('exit', onExit);
      child.send(batch);
    });
  }
}

/**
 * Processor time that a process and those that it has waited for have used; 0 for one that has just ended. Not of those
 * that it has running: they come and go, and a look that fails between two would make the next one a hang.
 */
function ticksOf({ pid }: ChildProcess): number {
  try {
    const text = readFileSync(`/proc/${pid}/stat`, 'utf8');
    const [user = 0, system = 0, usersOfEnded = 0, systemOfEnded = 0] = text
      .slice(text.lastIndexOf(')') + 2)
      .split(' ')
      .slice(11, 15)
      .map(Number);
    return user + system + usersOfEnded + systemOfEnded;
  } catch {
    return 0;
  }
}

function placeIn(progress: string): number {
  const bytes = readFileSync(progress);
  return bytes.length < 8 ? 0 : bytes.readDoubleLE();
}
