import { type MessagePort, parentPort, receiveMessageOnPort, workerData } from 'node:worker_threads';
import type { Database } from '../core/database.ts';
import { asLedgerError } from './ledger-error.ts';
import { type LedgerAnswer, type LedgerRequest, runGroup } from './ledger-group.ts';
import { asOpenError, openLedgerStore } from './ledger-store.ts';
import { compact } from './retention/compact.ts';
import { type Statements, statementsOf } from './statements.ts';

/** What the writer says. `commits` counts its transactions since it opened. */
export type FromWriter =
  | { readonly kind: 'open' }
  | { readonly kind: 'failed'; readonly code: string; readonly message: string; readonly hint: string | undefined }
  | { readonly kind: 'answers'; readonly answers: readonly LedgerAnswer[]; readonly commits: number }
  | { readonly kind: 'closed' };

export type ToWriter =
  | LedgerRequest
  /** Fold the write-ahead log into the database and empty it. */
  | { readonly compact: number }
  | { readonly close: true };

/** Most commands in one transaction, so that none waits for long. */
const maxGroup = 1024;

/** The ledger's one writer: owns the connection and commits whatever waits, as one transaction. */
class Writer {
  readonly #db: Database;
  readonly #sql: Statements;
  readonly #port: MessagePort;
  #commits = 0;

  constructor(db: Database, port: MessagePort) {
    this.#db = db;
    this.#sql = statementsOf(db);
    this.#port = port;
  }

  /** The group is whatever has arrived by now: while one is being committed, the next gathers. */
  take(first: ToWriter): void {
    let next: ToWriter | undefined = first;
    while (next) {
      const group: LedgerRequest[] = [];
      while (next && 'name' in next && group.length < maxGroup) {
        group.push(next);
        next = receiveMessageOnPort(this.#port)?.message as ToWriter | undefined;
      }
      if (group.length > 0) this.#commit(group);
      if (next && 'compact' in next) {
        this.#compact(next.compact);
        next = receiveMessageOnPort(this.#port)?.message as ToWriter | undefined;
      }
      if (next && 'close' in next) {
        this.#close();
        return;
      }
    }
  }

  #commit(group: readonly LedgerRequest[]): void {
    const answers = runGroup(this.#db, this.#sql, group);
    this.#commits += 1;
    this.#say({ kind: 'answers', answers, commits: this.#commits });
  }

  #compact(id: number): void {
    try {
      compact(this.#db);
      this.#say({ kind: 'answers', answers: [{ id, ok: true, result: undefined }], commits: this.#commits });
    } catch (error) {
      const { code, message, hint } = asLedgerError(error);
      const answer = { id, ok: false, error: { code, message, hint } } as const;
      this.#say({ kind: 'answers', answers: [answer], commits: this.#commits });
    }
  }

  #close(): void {
    this.#db.close();
    this.#say({ kind: 'closed' });
    this.#port.close();
  }

  #say(message: FromWriter): void {
    this.#port.postMessage(message);
  }
}

if (parentPort) {
  const port = parentPort;
  try {
    const db = openLedgerStore((workerData as { readonly path: string }).path);
    const writer = new Writer(db, port);
    port.on('message', (message: ToWriter) => writer.take(message));
    port.postMessage({ kind: 'open' } satisfies FromWriter);
  } catch (error) {
    const { code, message, hint } = asOpenError(error);
    port.postMessage({ kind: 'failed', code, message, hint } satisfies FromWriter);
    port.close();
  }
}
