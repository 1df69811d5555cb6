import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { FolderWatch, WatchDeps } from './local-watch.ts';
import type { PollOrder, PollWord } from './share-poll.ts';

/** How long the end waits for a thread that a dead share holds. */
const endWithinMs = 1_000;

/**
 * A folder on a share: it reports no changes, so its names and sizes are listed now and then, in a thread of its own. A
 * share that does not answer for three times as long is a fault.
 */
export class ShareWatch implements FolderWatch {
  readonly #deps: WatchDeps;
  readonly #everyMs: number;
  #worker: Worker | undefined;
  #late: NodeJS.Timeout | undefined;
  #isReady = false;

  constructor(deps: WatchDeps, everyMs: number) {
    this.#deps = deps;
    this.#everyMs = everyMs;
  }

  start(): void {
    const { folder } = this.#deps;
    this.#expectWord();
    const order: PollOrder = { folder, everyMs: this.#everyMs };
    this.#worker = new Worker(new URL(`./share-poll${extname(import.meta.url)}`, import.meta.url), {
      workerData: order,
      resourceLimits: { maxOldGenerationSizeMb: 32, maxYoungGenerationSizeMb: 4 },
    });
    this.#worker.unref();
    this.#worker.on('message', (word: PollWord) => this.#hear(word));
    this.#worker.on('error', () => this.#deps.onFault('cannot be watched'));
  }

  async stop(): Promise<void> {
    clearTimeout(this.#late);
    const worker = this.#worker;
    this.#worker = undefined;
    if (!worker) return;
    const { promise, resolve } = Promise.withResolvers<void>();
    const timer = setTimeout(resolve, endWithinMs);
    await Promise.race([worker.terminate(), promise]);
    clearTimeout(timer);
  }

  #hear(word: PollWord): void {
    if (!this.#worker) return;
    this.#expectWord();
    if ('fault' in word) {
      this.#isReady = false;
      this.#deps.onFault(word.fault);
      return;
    }
    if (this.#isReady) this.#deps.onGrowth(word.grown);
    else this.#deps.onReady();
    this.#isReady = true;
  }

  #expectWord(): void {
    clearTimeout(this.#late);
    const onLate = () => {
      this.#isReady = false;
      this.#deps.onFault('does not answer');
    };
    this.#late = setTimeout(onLate, 3 * this.#everyMs);
    this.#late.unref();
  }
}
