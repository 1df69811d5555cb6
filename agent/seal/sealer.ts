import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Gate, Work } from '../../core/gate.ts';
import { revive, SealError } from './job-error.ts';
import type { Identified, Sealed, SealJob, WorkerMessage } from './jobs.ts';

/** The worker is kept this long after its last job, then ended: an idle daemon stays small. */
const defaultKeepIdleMs = 20_000;

/** The daemon's handle on the compute thread: one job at a time, as a step of the caller's registered work. */
export class Sealer {
  readonly #gate: Gate;
  readonly #keepIdleMs: number;
  #worker: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor(gate: Gate, keepIdleMs = defaultKeepIdleMs) {
    this.#gate = gate;
    this.#keepIdleMs = keepIdleMs;
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
    using _step = work.step(job.kind);
    clearTimeout(this.#idle);
    this.#worker ??= this.#start();
    try {
      return await answer(this.#worker, job, work, signal);
    } catch (error) {
      if (signal.aborted || (error instanceof SealError && error.code === 'WORKER_DIED')) await this.stop();
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.stop(), this.#keepIdleMs);
      this.#idle.unref();
    }
  }

  /** A thread that dies between two jobs is forgotten, so that the next job gets a new one. */
  #start(): Worker {
    const worker = new Worker(new URL(`./worker${extname(import.meta.url)}`, import.meta.url), {
      name: 'seal',
      workerData: { gate: this.#gate.flag },
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
      if (message.kind === 'parked') work.park(message.changes);
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
