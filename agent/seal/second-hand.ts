import { extname } from 'node:path';
import { MessageChannel, type MessagePort, receiveMessageOnPort, Worker } from 'node:worker_threads';
import type { CopyJob, CopyResult, SecondHand } from '../../archive/index.ts';
import type { GateFlag } from '../../core/gate-flag.ts';
import { revive, SealError } from './job-error.ts';
import type { SealThreadData } from './jobs.ts';
import { sharedWords, words } from './second-words.ts';
import type { SecondJob, SecondMessage, SecondThreadData } from './second-worker.ts';

/** So often it is looked whether the gate opened again while the second thread was to stand still. */
const lookMs = 5;

/** The seal worker's handle on the second compute thread, which it begins when it first has work for two. */
export class SecondThread {
  readonly #data: Omit<SealThreadData, 'syncing'>;
  readonly #gate: GateFlag;
  readonly #shared = sharedWords();
  #worker: Worker | undefined;
  #died: Promise<never> | undefined;

  constructor(data: Omit<SealThreadData, 'syncing'>, gate: GateFlag) {
    this.#data = data;
    this.#gate = gate;
  }

  /** Begins the thread, so that it is there when it is needed. */
  begin(): Worker {
    this.#worker ??= this.#start();
    return this.#worker;
  }

  /** Gives it the packs of one job. */
  hire(job: CopyJob): SecondHand {
    const worker = this.begin();
    const { port1, port2 } = new MessageChannel();
    Atomics.store(this.#shared, words.next, 0);
    Atomics.store(this.#shared, words.held, 0);
    Atomics.store(this.#shared, words.busy, 1);
    worker.postMessage({ job, port: port2 } satisfies SecondJob, [port2]);
    return this.#hand(port1, job.packs.length);
  }

  /** Resolves when the thread stands still, or the gate is open again. For whoever parks on behalf of both. */
  async still(): Promise<void> {
    while (!this.#gate.isOpen && Atomics.load(this.#shared, words.busy) === 1) {
      await Atomics.waitAsync(this.#shared, words.busy, 1, lookMs).value;
    }
  }

  /** The same for a thread that cannot await. */
  standStill(): void {
    while (!this.#gate.isOpen && Atomics.load(this.#shared, words.busy) === 1) {
      Atomics.wait(this.#shared, words.busy, 1, lookMs);
    }
  }

  #hand(port: MessagePort, packs: number): SecondHand {
    const shared = this.#shared;
    let seen = Atomics.load(shared, words.changes);
    return {
      claim: () => {
        const at = Atomics.add(shared, words.next, 1);
        return at < packs ? at : undefined;
      },
      take: () => {
        seen = Atomics.load(shared, words.changes);
        return drain(port);
      },
      change: () => this.#orDeath(Atomics.waitAsync(shared, words.changes, seen).value),
      release: (bytes) => {
        Atomics.sub(shared, words.held, bytes);
        Atomics.notify(shared, words.held);
      },
      end: async () => {
        Atomics.store(shared, words.next, packs);
        Atomics.store(shared, words.held, 0);
        Atomics.notify(shared, words.held);
        while (this.#worker && Atomics.load(shared, words.busy) === 1) {
          await this.#orDeath(Atomics.waitAsync(shared, words.busy, 1).value);
        }
        port.close();
      },
    };
  }

  #start(): Worker {
    const worker = new Worker(new URL(`./second-worker${extname(import.meta.url)}`, import.meta.url), {
      name: 'seal-2',
      workerData: { ...this.#data, shared: this.#shared } satisfies SecondThreadData,
      resourceLimits: { maxOldGenerationSizeMb: 96, maxYoungGenerationSizeMb: 4 },
    });
    // Until it says otherwise: beginning is work too.
    Atomics.store(this.#shared, words.busy, 1);
    const died = Promise.withResolvers<never>();
    died.promise.catch(() => {});
    this.#died = died.promise;
    const onDeath = (cause: unknown) => {
      if (this.#worker === worker) this.#worker = undefined;
      Atomics.store(this.#shared, words.busy, 0);
      died.reject(new SealError('WORKER_DIED', 'the second seal worker ended before it answered', { cause }));
    };
    worker.once('error', onDeath);
    worker.once('exit', onDeath);
    return worker;
  }

  async #orDeath(change: unknown): Promise<void> {
    await Promise.race([change, this.#died]);
  }
}

function drain(port: MessagePort): CopyResult[] {
  const results: CopyResult[] = [];
  for (let one = receiveMessageOnPort(port); one !== undefined; one = receiveMessageOnPort(port)) {
    const message = one.message as SecondMessage;
    if ('failed' in message) throw revive(message.failed);
    results.push(message);
  }
  return results;
}
