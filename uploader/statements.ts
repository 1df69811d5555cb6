import type { Database } from '../core/database.ts';
import { codeOf } from '../core/errors.ts';
import { asLedgerError, isDamage, LedgerError } from './ledger-error.ts';

/** A prepared statement, as far as the ledger uses one. */
export interface Statement {
  run(...values: readonly unknown[]): { readonly changes: number };
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown[];
}

/** The prepared statements of one connection, each compiled once, found by its text. */
export type Statements = (text: string) => Statement;

/** `onDamage`: told before an error goes on that says that the file on disk is damaged. */
export function statementsOf(db: Database, onDamage?: () => void): Statements {
  const known = new Map<string, Statement>();
  return (text) => {
    const found = known.get(text) ?? (onDamage ? watched(db.prepare(text), onDamage) : db.prepare(text));
    known.set(text, found);
    return found;
  };
}

function watched(statement: Statement, onDamage: () => void): Statement {
  const watch = <T>(step: () => T): T => {
    try {
      return step();
    } catch (error) {
      if (!isDamage(codeOf(error) ?? '')) throw error;
      onDamage();
      throw asLedgerError(error);
    }
  };
  return {
    run: (...values) => watch(() => statement.run(...values)),
    get: (...values) => watch(() => statement.get(...values)),
    all: (...values) => watch(() => statement.all(...values)),
  };
}

/** The one row that must be there. Throws NO_SUCH_ROW. `what` is for the message: `case`, `batch`. */
export function oneRow<Row>(row: unknown, what: string): Row {
  if (row === undefined) throw new LedgerError('NO_SUCH_ROW', `the ledger knows no such ${what}`);
  return row as Row;
}

/** Throws ILLEGAL_MOVE when an update that is tied to a state changed nothing. */
export function mustChange(result: { readonly changes: number }, what: string): void {
  if (result.changes === 0) throw new LedgerError('ILLEGAL_MOVE', `${what}: its state does not allow that`);
}
