import type { Database } from '../core/database.ts';
import { LedgerError } from './ledger-error.ts';

/** A prepared statement, as far as the ledger uses one. */
export interface Statement {
  run(...values: readonly unknown[]): { readonly changes: number };
  get(...values: readonly unknown[]): unknown;
  all(...values: readonly unknown[]): unknown[];
}

/** The prepared statements of one connection, each compiled once, found by its text. */
export type Statements = (text: string) => Statement;

export function statementsOf(db: Database): Statements {
  const known = new Map<string, Statement>();
  return (text) => {
    const found = known.get(text) ?? db.prepare(text);
    known.set(text, found);
    return found;
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
