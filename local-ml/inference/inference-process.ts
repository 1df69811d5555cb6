import { type ChildProcess, spawn } from 'node:child_process';
import { readdirSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { dirname, extname } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import type { Gate, Work } from '../../core/gate.ts';
import type { ChildAnswer, ChildWish } from './messages.ts';
import { ModelError } from './model-error.ts';
import { RunningTime } from './running-time.ts';
import type { Tensors } from './tensor.ts';

export interface InferenceLimits {
  /** An order that takes longer is given up, and the process is killed. It does not count while frozen. */
  readonly deadlineMs: number;
  /** Memory that it may ask for (`RLIMIT_DATA`), beside what V8 reserves for code. */
  readonly maxDataBytes: number;
  /** After so many orders a fresh process takes over. */
  readonly recycleAfter: number;
}

export const defaultInferenceLimits: InferenceLimits = {
  deadlineMs: 20_000,
  maxDataBytes: 256 * 2 ** 20,
  recycleAfter: 5000,
};

/** V8 reserves this for code without using it; to the kernel it is data. */
const codeRangeBytes = 512 * 2 ** 20;

interface Started {
  readonly child: ChildProcess;
  readonly pid: number;
  orders: number;
  /** As it said last. */
  cpuMs: number;
}

/**
 * The daemon's handle on the inference process. It begins with the first order; while the gate is closed it is frozen
 * (SIGSTOP), and thawed when it opens; it dies with its parent, frozen or not (`PR_SET_PDEATHSIG`).
 */
export class InferenceProcess {
  readonly #gate: Gate;
  readonly #limits: InferenceLimits;
  #started: Started | undefined;
  #lastId = 0;
  #cpuMs = 0;

  constructor(gate: Gate, limits: InferenceLimits = defaultInferenceLimits) {
    this.#gate = gate;
    this.#limits = limits;
  }

  get pid(): number | undefined {
    return this.#started?.pid;
  }

  /** What all its processes have used of the processor, as far as they answered. */
  get cpuMs(): number {
    return this.#cpuMs;
  }

  /** Whether a fresh process is due or began since a key was loaded: what was loaded into another one is gone. */
  get isFresh(): boolean {
    return !this.#started || this.#started.orders === 0 || this.#started.orders >= this.#limits.recycleAfter;
  }

  /** Carries out one order. Throws TIMED_OUT, CHILD_DIED or RUN_FAILED; after the first two a fresh process begins. */
  async ask(wish: ChildWish, work: Work, signal?: AbortSignal): Promise<Tensors> {
    await work.pass(signal);
    if (this.#started && this.#started.orders >= this.#limits.recycleAfter) await this.stop();
    this.#started ??= this.#start();
    this.#started.orders++;
    try {
      return await this.#answer(this.#started, wish, work, signal);
    } catch (error) {
      if (!(error instanceof ModelError) || error.code !== 'RUN_FAILED') await this.stop();
      throw error;
    }
  }

  /** Ends it at once, frozen or not. */
  async stop(): Promise<void> {
    const started = this.#started;
    this.#started = undefined;
    if (!started || started.child.exitCode !== null || started.child.signalCode !== null) return;
    started.child.ref();
    const ended = new Promise<void>((resolve) => started.child.once('exit', () => resolve()));
    started.child.kill('SIGKILL');
    await ended;
  }

  #start(): Started {
    const child = spawn('setpriv', argumentsOf(this.#limits), {
      env: { ORT_DISABLE_TELEMETRY: '1', PATH: '/usr/bin:/bin' },
      cwd: '/',
      stdio: ['ignore', 'ignore', 'ignore', 'ipc'],
      serialization: 'advanced',
    });
    const started: Started = { child, pid: child.pid ?? -1, orders: 0, cpuMs: 0 };
    child.on('error', () => {});
    child.once('exit', () => {
      if (this.#started === started) this.#started = undefined;
    });
    child.unref();
    child.channel?.unref();
    return started;
  }

  #answer(started: Started, wish: ChildWish, work: Work, signal?: AbortSignal): Promise<Tensors> {
    const id = ++this.#lastId;
    const { child } = started;
    return new Promise((resolve, reject) => {
      const time = new RunningTime(this.#limits.deadlineMs, () =>
        settle(() =>
          reject(new ModelError('TIMED_OUT', `the model gave no answer within ${this.#limits.deadlineMs} ms`)),
        ),
      );
      const leaveGate = whileClosed(this.#gate, {
        onClosed: () => {
          const { changes } = this.#gate;
          child.kill('SIGSTOP');
          time.stand();
          untilStopped(started.pid).then(() => work.park(changes));
        },
        onOpened: () => {
          child.kill('SIGCONT');
          time.go();
        },
      });
      const settle = (act: () => void) => {
        leaveGate();
        time.end();
        child.off('message', onMessage);
        child.off('exit', onExit);
        child.off('error', onExit);
        signal?.removeEventListener('abort', onAbort);
        child.unref();
        child.channel?.unref();
        act();
      };
      const onMessage = (answer: ChildAnswer) => {
        if (answer.id !== id) return;
        this.#cpuMs += answer.cpuMs - started.cpuMs;
        started.cpuMs = answer.cpuMs;
        if ('outputs' in answer) settle(() => resolve(answer.outputs));
        else
          settle(() => reject(new ModelError('RUN_FAILED', 'the model could not be run', { cause: answer.failure })));
      };
      const onExit = () =>
        settle(() => reject(new ModelError('CHILD_DIED', 'the inference process ended before it answered')));
      const onAbort = () => settle(() => reject(signal?.reason));
      child.ref();
      child.channel?.ref();
      child.on('message', onMessage);
      child.once('exit', onExit);
      child.once('error', onExit);
      signal?.addEventListener('abort', onAbort);
      if (!child.connected) onExit();
      else child.send({ ...wish, id }, (error) => error && onExit());
    });
  }
}

/** The kernel stops a thread that is in the middle of a call at the end of that, not before. */
async function untilStopped(pid: number): Promise<void> {
  while (isRunning(pid)) await sleep(1);
}

/** Whether a thread of a process runs, or may. */
function isRunning(pid: number): boolean {
  try {
    return readdirSync(`/proc/${pid}/task`).some((thread) =>
      /^.*\) [RSD] /s.test(readFileSync(`/proc/${pid}/task/${thread}/stat`, 'utf8')),
    );
  } catch {
    // It ended.
    return false;
  }
}

/** Calls back at every closing and opening of the gate until the returned function is called. */
function whileClosed(gate: Gate, calls: { readonly onClosed: () => void; readonly onOpened: () => void }): () => void {
  const over = new AbortController();
  const watch = async () => {
    while (!over.signal.aborted) {
      if (gate.isOpen) await aborted(gate.whileOpen, over.signal);
      if (over.signal.aborted) return;
      calls.onClosed();
      await gate.nextOpening(over.signal);
      calls.onOpened();
    }
  };
  watch().catch(() => {});
  return () => over.abort();
}

function aborted(signal: AbortSignal, over: AbortSignal): Promise<void> {
  if (signal.aborted || over.aborted) return Promise.resolve();
  return new Promise((resolve) => {
    const done = () => {
      signal.removeEventListener('abort', done);
      over.removeEventListener('abort', done);
      resolve();
    };
    signal.addEventListener('abort', done);
    over.addEventListener('abort', done);
  });
}

/**
 * Dies with its parent, is five steps nicer, gains no right, may ask for so much memory, leaves no core; and Node's own guard: it may read
 * its code and the runtime, write nothing, begin no process and no thread of its own.
 */
function argumentsOf({ maxDataBytes }: InferenceLimits): string[] {
  const script = fileURLToPath(new URL(`./child${extname(import.meta.url)}`, import.meta.url));
  const runtime = dirname(dirname(createRequire(import.meta.url).resolve('onnxruntime-node/package.json')));
  return [
    ...['--pdeathsig', 'KILL', '--no-new-privs', '--'],
    ...['prlimit', `--data=${codeRangeBytes + maxDataBytes}`, '--core=0', '--'],
    ...['nice', '-n', '5'],
    process.execPath,
    ...['--permission', '--allow-addons', `--allow-fs-read=${runtime}`, `--allow-fs-read=${dirname(dirname(script))}`],
    ...['--disable-warning=SecurityWarning', '--max-old-space-size=128', '--v8-pool-size=0', script],
  ];
}
