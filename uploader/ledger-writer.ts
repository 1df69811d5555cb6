import { extname } from 'node:path';
import { Worker } from 'node:worker_threads';
import type { Log } from '../core/log.ts';
import type { AuditEntry } from '../protocol/audit.ts';
import { LedgerError, type LedgerErrorCode } from './ledger-error.ts';
import type { ArgsOf, CommandName, LedgerAnswer, ResultOf } from './ledger-group.ts';
import type { FromWriter, ToWriter } from './ledger-worker.ts';

interface Waiting {
  readonly resolve: (result: never) => void;
  readonly reject: (error: LedgerError) => void;
}

/** What a ledger asks of its writer. */
export type WritesLedger = Pick<
  LedgerWriter,
  'run' | 'compact' | 'onDiskFull' | 'close' | 'failed' | 'commits' | 'isDamaged' | 'isWriting'
>;

/**
 * This thread's side of the writer thread: hands commands over and waits for their answers, which come after the
 * commit. When the thread dies, everything that waits and everything asked later is rejected with LEDGER_FAILED.
 */
export class LedgerWriter {
  readonly #worker: Worker;
  readonly #log: Log;
  readonly #waiting = new Map<number, Waiting>();
  readonly #failed = Promise.withResolvers<LedgerError>();
  readonly #ended = Promise.withResolvers<void>();
  #refusing: LedgerError | undefined;
  #cause: unknown;
  #diskFull: () => void = () => {};
  #lastId = 0;
  #commits = 0;
  #isDamaged = false;

  private constructor(worker: Worker, log: Log) {
    this.#worker = worker;
    this.#log = log;
  }

  /** Starts the thread and waits until its database is open. Rejects with what kept it from opening. */
  static async open(path: string, log: Log): Promise<LedgerWriter> {
    const worker = new Worker(new URL(`./ledger-worker${extname(import.meta.url)}`, import.meta.url), {
      name: 'ledger',
      workerData: { path },
      resourceLimits: { maxOldGenerationSizeMb: 64, maxYoungGenerationSizeMb: 4 },
    });
    const writer = new LedgerWriter(worker, log);
    await writer.#untilOpen();
    return writer;
  }

  /** Resolves, with the reason, when the thread died by itself. */
  get failed(): Promise<LedgerError> {
    return this.#failed.promise;
  }

  /** A command met a damaged page. */
  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  /** Something waits for its transaction to be on disk. */
  get isWriting(): boolean {
    return this.#waiting.size > 0;
  }

  /** Number of transactions so far. */
  get commits(): number {
    return this.#commits;
  }

  /** Runs one command, and with it stores an audit record. Resolves when their transaction is on disk. */
  run<Name extends CommandName>(name: Name, args: ArgsOf<Name>, audit?: AuditEntry): Promise<ResultOf<Name>> {
    if (this.#refusing) return Promise.reject(this.#refusing);
    const { promise, resolve, reject } = Promise.withResolvers<ResultOf<Name>>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, { resolve: resolve as Waiting['resolve'], reject });
    this.#worker.postMessage({ id: this.#lastId, name, args, ...(audit ? { audit } : {}) } satisfies ToWriter);
    return promise;
  }

  /** Empties the write-ahead log into the database, after everything that was asked before. */
  compact(): Promise<void> {
    if (this.#refusing) return Promise.reject(this.#refusing);
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#lastId += 1;
    this.#waiting.set(this.#lastId, { resolve: resolve as Waiting['resolve'], reject });
    this.#worker.postMessage({ compact: this.#lastId } satisfies ToWriter);
    return promise;
  }

  onDiskFull(listener: () => void): void {
    this.#diskFull = listener;
  }

  /** Commits what waits, closes the database and ends the thread. */
  async close(): Promise<void> {
    if (!this.#refusing) {
      this.#refusing = new LedgerError('LEDGER_CLOSED', 'the ledger is closed');
      this.#worker.postMessage({ close: true } satisfies ToWriter);
    }
    await this.#ended.promise;
  }

  async #untilOpen(): Promise<void> {
    const { promise, resolve, reject } = Promise.withResolvers<void>();
    this.#worker.once('message', (message: FromWriter) => {
      if (message.kind === 'failed') return reject(revive(message));
      this.#worker.on('message', (next: FromWriter) => this.#hear(next));
      resolve();
    });
    this.#worker.on('error', (error) => {
      this.#cause = error;
    });
    this.#worker.once('exit', (exitCode) => reject(this.#end(exitCode)));
    await promise;
  }

  #hear(message: FromWriter): void {
    if (message.kind !== 'answers') return;
    this.#commits = message.commits;
    // First who may make room, then who will try again.
    if (message.answers.some((answer) => !answer.ok && answer.error.code === 'DISK_FULL')) this.#diskFull();
    for (const answer of message.answers) this.#answer(answer);
  }

  #answer(answer: LedgerAnswer): void {
    const waiting = this.#waiting.get(answer.id);
    this.#waiting.delete(answer.id);
    if (answer.ok) waiting?.resolve(answer.result as never);
    else {
      if (answer.error.code === 'LEDGER_DAMAGED') this.#isDamaged = true;
      waiting?.reject(revive(answer.error));
    }
  }

  /** The thread is gone: in good order when it was asked to close and owes no answer. */
  #end(exitCode: number): LedgerError {
    this.#ended.resolve();
    const error = new LedgerError('LEDGER_FAILED', 'the ledger writer died; what was not acknowledged is not stored', {
      hint: 'Restart the appliance; it resumes where it was.',
      cause: this.#cause,
    });
    if (this.#refusing?.code === 'LEDGER_CLOSED' && this.#waiting.size === 0) return error;
    this.#log.error({ code: error.code, exitCode, waiting: this.#waiting.size }, 'ledger writer died');
    this.#refusing = error;
    for (const { reject } of this.#waiting.values()) reject(error);
    this.#waiting.clear();
    this.#failed.resolve(error);
    return error;
  }
}

/** An error that crossed the thread. */
export function revive(error: { readonly code: string; readonly message: string; readonly hint: string | undefined }) {
  const { code, message, hint } = error;
  return new LedgerError(code as LedgerErrorCode, message, hint === undefined ? {} : { hint });
}
