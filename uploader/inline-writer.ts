import type { Database } from '../core/database.ts';
import type { AuditEntry } from '../protocol/audit.ts';
import { LedgerError } from './ledger-error.ts';
import { type ArgsOf, type CommandName, type ResultOf, runGroup } from './ledger-group.ts';
import { asOpenError, openLedgerStore } from './ledger-store.ts';
import { revive, type WritesLedger } from './ledger-writer.ts';
import { compact } from './retention/compact.ts';
import { type Statements, statementsOf } from './statements.ts';

/**
 * The writer in the caller's own thread: the same connection and the same commands, each a transaction of its own. For
 * whoever has the appliance to himself: a command typed while no daemon runs, a check of thousands of ledgers.
 */
export class InlineWriter implements WritesLedger {
  readonly failed = Promise.withResolvers<LedgerError>().promise;
  readonly #db: Database;
  readonly #sql: Statements;
  #commits = 0;
  #isDamaged = false;
  #isClosed = false;
  #diskFull: () => void = () => {};

  /** Opens the database. Throws what kept it from opening. */
  constructor(path: string) {
    try {
      this.#db = openLedgerStore(path);
    } catch (error) {
      throw asOpenError(error);
    }
    this.#sql = statementsOf(this.#db);
  }

  get commits(): number {
    return this.#commits;
  }

  /** Never seen: nobody else runs meanwhile. */
  readonly isWriting = false;

  get isDamaged(): boolean {
    return this.#isDamaged;
  }

  async run<Name extends CommandName>(name: Name, args: ArgsOf<Name>, audit?: AuditEntry): Promise<ResultOf<Name>> {
    if (this.#isClosed) throw new LedgerError('LEDGER_CLOSED', 'the ledger is closed');
    const [answer] = runGroup(this.#db, this.#sql, [{ id: 1, name, args, ...(audit ? { audit } : {}) }]);
    this.#commits += 1;
    if (answer?.ok) return answer.result as ResultOf<Name>;
    if (answer?.error.code === 'LEDGER_DAMAGED') this.#isDamaged = true;
    if (answer?.error.code === 'DISK_FULL') this.#diskFull();
    throw answer ? revive(answer.error) : new LedgerError('LEDGER_FAILED', 'the ledger gave no answer');
  }

  async compact(): Promise<void> {
    if (this.#isClosed) throw new LedgerError('LEDGER_CLOSED', 'the ledger is closed');
    compact(this.#db);
  }

  onDiskFull(listener: () => void): void {
    this.#diskFull = listener;
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    this.#db.close();
  }
}
