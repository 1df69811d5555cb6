import { execFile } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { promisify } from 'node:util';
import type { DiskClass } from '../../protocol/budget-policy.ts';

const run = promisify(execFile);

/**
 * Threads of this process that do bulk work on disks, by the names that the kernel knows them by: the seal worker, the
 * analysis, and those that serve asynchronous file calls. The second compute thread inherits its class from the seal worker. The main
 * thread and the ledger's writer are not among them: a person or a receipt waits for what they write.
 */
const bulkThreads: ReadonlySet<string> = new Set(['seal', 'analysis', 'libuv-worker']);

/** Arguments of `ionice` for each class (ioprio_set(2): 3 is idle, 2 best effort, of which 7 is the last in line). */
const words: Readonly<Record<Exclude<DiskClass, 'normal'>, readonly string[]>> = {
  idle: ['-c', '3'],
  lowest: ['-c', '2', '-n', '7'],
};

/**
 * How the threads that do bulk work stand in line for the disk. A process of its own does it, `ionice` of util-linux,
 * since Node has no call for it; where that is missing the threads stand as all others do, and the status says so.
 */
export class DiskStanding {
  readonly #wanted: DiskClass;
  readonly #program: string;
  #isRefused = false;

  /** `program`: tests put another one here. */
  constructor(wanted: DiskClass, program = 'ionice') {
    this.#wanted = wanted;
    this.#program = program;
  }

  /** What is in force; `not available` where it could not be set. */
  get status(): DiskClass | 'not available' {
    return this.#isRefused ? 'not available' : this.#wanted;
  }

  /** Puts all threads there are now in their place. To be called again when a thread has begun. Never rejects. */
  async apply(): Promise<void> {
    if (this.#wanted === 'normal' || this.#isRefused) return;
    try {
      await run(this.#program, [...words[this.#wanted], '-p', ...threadsNamed(bulkThreads)]);
    } catch {
      this.#isRefused = true;
    }
  }
}

/** Their ids. */
export function threadsNamed(names: ReadonlySet<string>): readonly string[] {
  return readdirSync('/proc/self/task').filter((thread) => {
    try {
      return names.has(readFileSync(`/proc/self/task/${thread}/comm`, 'utf8').trim());
    } catch {
      // It ended between the listing and the look.
      return false;
    }
  });
}
