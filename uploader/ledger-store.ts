import { type Database, openStore } from '../core/database.ts';
import { codeOf, GatewayError } from '../core/errors.ts';
import { isDamage, LedgerError } from './ledger-error.ts';
import { ledgerMigrations } from './ledger-schema.ts';

/** The ledger's writing connection: its write-ahead log replayed, its schema the newest. Throws what `asOpenError` words. */
export function openLedgerStore(path: string): Database {
  return openStore(path, ledgerMigrations);
}

/** What kept a ledger from opening. LEDGER_DAMAGED when what is on disk is not a ledger any more. */
export function asOpenError(thrown: unknown): GatewayError {
  if (thrown instanceof GatewayError) return thrown;
  const code = codeOf(thrown) ?? 'unknown';
  if (isDamage(code)) {
    return new LedgerError('LEDGER_DAMAGED', `the ledger on disk is damaged (${code})`, {
      hint: 'What was sealed is safe beside it. See what can be saved: vestibule repair --dry-run',
      cause: thrown,
    });
  }
  return new LedgerError('LEDGER_FAILED', `the ledger could not be opened (${code})`, {
    hint: 'Check that the data folder exists, belongs to the appliance, and lies on a local disk.',
    cause: thrown,
  });
}
