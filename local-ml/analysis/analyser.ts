import { extname, join } from 'node:path';
import { Worker } from 'node:worker_threads';
import { codeOf, GatewayError } from '../../core/errors.ts';
import type { Gate, Work } from '../../core/gate.ts';
import { type ModelBundle, newestVersion, readBundle, shippedModels } from '../inference/bundle.ts';
import { InferenceProcess } from '../inference/inference-process.ts';
import { Models } from '../inference/models.ts';
import { instructionSet, runtimeName } from '../inference/runtime.ts';
import type { Tensors } from '../inference/tensor.ts';
import type { ReportForm } from '../report/forms.ts';
import { type AnalysisConfig, defaultAnalysisConfig } from './config.ts';
import type { AnalysisJob, AnalysisResult, AnalysisThreadData, FromThread, ModelId, ToThread } from './messages.ts';
import { modelIds } from './messages.ts';
import type { StudyPlace } from './study-source.ts';

export class AnalysisError extends GatewayError {}

export interface AnalyserOptions {
  readonly gate: Gate;
  /** Folder of bundles; default: those that are shipped. */
  readonly models?: string;
  readonly config?: AnalysisConfig;
  /** Most that the thread uses of a processor, in per cent of one; absent: all of it. */
  readonly cpuPercent?: number | undefined;
  /** Called when the thread has begun, and awaited before it works. */
  readonly onThread?: () => Promise<void>;
  /** Thread and process are ended this long after the last analysis: an idle daemon stays small. */
  readonly keepIdleMs?: number;
}

/**
 * Analyses cases, one at a time: the thread computes, the inference process runs the models. Nothing of either is there
 * before the first case, and after the last one for long.
 */
export class Analyser {
  readonly #gate: Gate;
  readonly #folder: string;
  readonly #config: AnalysisConfig;
  readonly #process: InferenceProcess;
  readonly #models: Models;
  readonly #keepIdleMs: number;
  readonly #cpuPercent: number | undefined;
  readonly #onThread: () => Promise<void>;
  readonly #tested = new Set<string>();
  #bundles: Promise<Bundles> | undefined;
  #thread: Worker | undefined;
  #idle: NodeJS.Timeout | undefined;

  constructor({
    gate,
    models = shippedModels,
    config = defaultAnalysisConfig,
    keepIdleMs = 20_000,
    cpuPercent,
    onThread = async () => {},
  }: AnalyserOptions) {
    this.#gate = gate;
    this.#cpuPercent = cpuPercent;
    this.#onThread = onThread;
    this.#folder = models;
    this.#config = config;
    this.#process = new InferenceProcess(gate);
    this.#models = new Models(this.#process);
    this.#keepIdleMs = keepIdleMs;
  }

  /** Analyses what stands at a place, as a step of the caller's registered work. Rejects with what cannot be read. */
  async analyse(
    place: StudyPlace,
    {
      work,
      signal,
      reportForm,
    }: { readonly work: Work; readonly signal: AbortSignal; readonly reportForm?: ReportForm | undefined },
  ): Promise<AnalysisResult> {
    await work.pass(signal);
    using _step = work.step('analyse');
    clearTimeout(this.#idle);
    this.#bundles ??= this.#load(work, signal).catch((error: unknown) => {
      this.#bundles = undefined;
      throw error;
    });
    const { loaded, failures } = await this.#bundles;
    const models = Object.fromEntries(Object.entries(loaded).map(([id, bundle]) => [id, notesOf(bundle)]));
    const runtime = { name: runtimeName(), instructionSet: instructionSet() };
    const job = { place, config: this.#config, models, failures, runtime, reportForm };
    try {
      const thread = this.#thread ?? (await this.#begin());
      return await this.#carryOut(thread, job, loaded, { work, signal });
    } catch (error) {
      if (signal.aborted || codeOf(error) === 'THREAD_DIED') await this.stop();
      throw error;
    } finally {
      this.#idle = setTimeout(() => void this.stop(), this.#keepIdleMs);
      this.#idle.unref();
    }
  }

  /** Ends thread and process at once. */
  async stop(): Promise<void> {
    clearTimeout(this.#idle);
    const thread = this.#thread;
    this.#thread = undefined;
    await thread?.terminate();
    await this.#process.stop();
  }

  /** A bundle that is damaged or refused is not used; what needs it is not said. */
  async #load(work: Work, signal: AbortSignal): Promise<Bundles> {
    const loaded: Partial<Record<ModelId, ModelBundle>> = {};
    const failures: Partial<Record<ModelId, string>> = {};
    for (const id of modelIds) {
      await work.pass(signal);
      const version = await newestVersion(this.#folder, id);
      if (version === undefined) continue;
      try {
        loaded[id] = await readBundle(join(this.#folder, id, version), () => work.pass(signal));
      } catch (error) {
        signal.throwIfAborted();
        failures[id] = codeOf(error) ?? 'MODEL_FAILED';
      }
    }
    return { loaded, failures };
  }

  /** A model is tested on its own golden outputs before it is first used: a case without a chamber begins no process. */
  async #run(
    bundle: ModelBundle,
    inputs: Tensors,
    { work, signal }: { readonly work: Work; readonly signal: AbortSignal },
  ): Promise<Tensors> {
    if (!this.#tested.has(bundle.sha256)) await this.#models.selfTest(bundle, work, signal);
    this.#tested.add(bundle.sha256);
    return this.#models.runner(bundle, work, signal)(inputs);
  }

  async #begin(): Promise<Worker> {
    const thread = this.#start();
    this.#thread = thread;
    const { promise, resolve } = Promise.withResolvers<void>();
    thread.once('online', resolve).once('exit', resolve);
    await promise;
    await this.#onThread();
    if (this.#thread === thread) return thread;
    throw new AnalysisError('THREAD_DIED', 'the analysis ended while it began');
  }

  #start(): Worker {
    const thread = new Worker(new URL(`./thread${extname(import.meta.url)}`, import.meta.url), {
      name: 'analysis',
      workerData: { gate: this.#gate.flag, cpuPercent: this.#cpuPercent } satisfies AnalysisThreadData,
      resourceLimits: { maxOldGenerationSizeMb: 256, maxYoungGenerationSizeMb: 32 },
    });
    thread.on('error', () => {});
    thread.once('exit', () => {
      if (this.#thread === thread) this.#thread = undefined;
    });
    return thread;
  }

  #carryOut(
    thread: Worker,
    job: AnalysisJob,
    loaded: Bundles['loaded'],
    { work, signal }: { readonly work: Work; readonly signal: AbortSignal },
  ): Promise<AnalysisResult> {
    const tell = (message: ToThread) => thread.postMessage(message);
    return new Promise((resolve, reject) => {
      const settle = (act: () => void) => {
        thread.off('message', onMessage);
        thread.off('error', onDeath);
        thread.off('exit', onDeath);
        signal.removeEventListener('abort', onAbort);
        act();
      };
      const run = async (message: Extract<FromThread, { kind: 'run' }>) => {
        try {
          const outputs = await this.#run(loaded[message.model]!, message.inputs, { work, signal });
          tell({ kind: 'ran', id: message.id, outputs, cpuMs: this.#process.cpuMs });
        } catch (error) {
          if (!signal.aborted) tell({ kind: 'not-run', id: message.id, code: codeOf(error) ?? 'RUN_FAILED' });
        }
      };
      const onMessage = (message: FromThread) => {
        if (message.kind === 'parked') work.park(message.changes, message.atMs);
        else if (message.kind === 'run') void run(message);
        else if (message.kind === 'done') settle(() => resolve(message.result));
        else {
          const { code, message: text, hint } = message;
          settle(() => reject(new AnalysisError(code, text, hint === undefined ? {} : { hint })));
        }
      };
      const onDeath = (cause: unknown) =>
        settle(() => reject(new AnalysisError('THREAD_DIED', 'the analysis ended before it answered', { cause })));
      const onAbort = () => settle(() => reject(signal.reason));
      thread.on('message', onMessage);
      thread.on('error', onDeath);
      thread.on('exit', onDeath);
      signal.addEventListener('abort', onAbort);
      tell({ kind: 'job', job });
    });
  }
}

interface Bundles {
  readonly loaded: Readonly<Partial<Record<ModelId, ModelBundle>>>;
  readonly failures: Readonly<Partial<Record<ModelId, string>>>;
}

function notesOf({ manifest, sha256, familiarity }: ModelBundle) {
  return { manifest, sha256, ...(familiarity ? { familiarity } : {}) };
}
