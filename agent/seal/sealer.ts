import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Gate, Work } from '../../core/gate.ts';
import type { DiskStanding } from './disk-standing.ts';
import { revive, SealError } from './job-error.ts';
import type { Identified, Sealed, SealJob, SealThreadData, WorkerMessage } from './jobs.ts';

/** The worker is kept this long after its last job, then ended: an idle daemon stays small. */
const defaultKeepIdleMs = 20_000;

export interface SealerOptions {
  readonly keepIdleMs?: number;
  /** Most that each compute thread uses of a processor, in per cent of one; absent: all of it. */
  readonly cpuPercent?: number;
  /** How the threads stand in line for the disk; absent: as all others do. */
  readonly disk?: Pick<DiskStanding, 'apply'>;
}

/** The daemon's handle on the compute thread: one job at a time, as a step of the caller's registered work. */
export class Sealer {
  readonly #gate: Gate;
  readonly #options: SealerOptions;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;
  readonly #syncing = new Int32Array(new SharedArrayBuffer(4));

  constructor(gate: Gate, options: SealerOptions = {}) {
    this.#gate = gate;
    this.#options = options;
  }

  identify(job: Extract<SealJob, { kind: 'identify' }>, work: Work, signal: AbortSignal): Promise<Identified> {
    return this.#run(job, work, signal) as Promise<Identified>;
  }

  seal(job: Extract<SealJob, { kind: 'seal' }>, work: Work, signal: AbortSignal): Promise<Sealed> {
    return this.#run(job, work, signal) as Promise<Sealed>;
  }

  /** Ends the thread at once; a half-built archive is swept at the next start. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const worker = this.#worker;
    this.#worker = undefined;
    await worker?.terminate();
  }

  async #run(job: SealJob, work: Work, signal: AbortSignal): Promise<Identified | Sealed> {
    await work.pass(signal);
    using _step = work.step(job.kind, () => (Atomics.load(this.#syncing, 0) === 1 ? 'fsync' : undefined));
    clearTimeout(this.#idle);
    try {
      const worker = this.#worker ?? (await this.#begin());
      return await answer(worker, job, work, signal);
    } catch (error) {
      if (signal.aborted || (error instanceof SealError && error.code === 'WORKER_DIED')) await this.stop();
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.stop(), this.#options.keepIdleMs ?? defaultKeepIdleMs);
      this.#idle.unref();
    }
  }

  async #begin(): Promise<Worker> {
    const worker = this.#start();
    this.#worker = worker;
    const { disk } = this.#options;
    if (!disk) return worker;
    const { promise, resolve } = Promise.withResolvers<void>();
    worker.once('online', resolve).once('exit', resolve);
    await promise;
    await disk.apply();
    if (this.#worker === worker) return worker;
    throw new SealError('WORKER_DIED', 'the seal worker ended while it began');
  }

  /** A thread that dies between two jobs is forgotten, so that the next job gets a new one. */
  #start(): Worker {
    const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
      name: 'seal',
      workerData: {
        ...{ gate: this.#gate.flag, cpuPercent: this.#options.cpuPercent, syncing: this.#syncing },
      } satisfies SealThreadData,
      // What is read lives briefly: a larger young generation only fills with it before somebody looks.
      resourceLimits: { maxOldGenerationSizeMb: 192, maxYoungGenerationSizeMb: 4 },
    });
    worker.on('error', () => {});
    worker.once('exit', () => {
      if (this.#worker === worker) this.#worker = undefined;
    });
    return worker;
  }
}

function answer(worker: Worker, job: SealJob, work: Work, signal: AbortSignal): Promise<Identified | Sealed> {
  return new Promise((resolve, reject) => {
    const settle = (act: () => void) => {
      worker.off('message', onMessage);
      worker.off('error', onDeath);
      worker.off('exit', onDeath);
      signal.removeEventListener('abort', onAbort);
      act();
    };
    const onMessage = (message: WorkerMessage) => {
      if (message.kind === 'parked') work.park(message.changes, message.atMs);
      else if (message.kind === 'done') settle(() => resolve(message.result));
      else settle(() => reject(revive(message.error)));
    };
    const onDeath = (cause: unknown) =>
      settle(() => reject(new SealError('WORKER_DIED', 'the seal worker ended before it answered', { cause })));
    const onAbort = () => settle(() => reject(signal.reason));
    worker.on('message', onMessage);
    worker.on('error', onDeath);
    worker.on('exit', onDeath);
    signal.addEventListener('abort', onAbort);
    worker.postMessage(job);
  });
}
