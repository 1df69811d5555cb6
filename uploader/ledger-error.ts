import { codeOf, GatewayError } from '../core/errors.ts';

/**
 * What the ledger can refuse, or fail at.
 *
 * - `ILLEGAL_MOVE`: the case, batch or ticket is not at a stage from which that step leads anywhere
 * - `NO_SUCH_ROW`: the ledger does not know that case, archive, batch or ticket
 * - `ALREADY_SEALED`: a case that has archives cannot go back to being looked at
 * - `ITEM_REFUSED`: the outbox does not carry such an item: its kind, or its size
 * - `DISK_FULL`: nothing was stored, because the disk has no room; works again as soon as it has
 * - `NOT_STORED`: SQLite refused this command or its transaction; the ledger itself goes on
 * - `LEDGER_DAMAGED`: what is on disk is damaged: the whole of it, or what this command has to read or change
 * - `LEDGER_FAILED`: the ledger could not be opened, or its writer died; what was not acknowledged is not stored
 * - `LEDGER_CLOSED`: asked after `close`
 */
export type LedgerErrorCode =
  | 'ILLEGAL_MOVE'
  | 'NO_SUCH_ROW'
  | 'ALREADY_SEALED'
  | 'ITEM_REFUSED'
  | 'DISK_FULL'
  | 'NOT_STORED'
  | 'LEDGER_DAMAGED'
  | 'LEDGER_FAILED'
  | 'LEDGER_CLOSED';

export class LedgerError extends GatewayError<LedgerErrorCode> {}

/** Whatever a command threw, as a LedgerError: SQLite's own codes become DISK_FULL or NOT_STORED. */
export function asLedgerError(thrown: unknown): LedgerError {
  if (thrown instanceof LedgerError) return thrown;
  const code = codeOf(thrown) ?? 'unknown';
  if (code === 'SQLITE_FULL' || code === 'ENOSPC') {
    return new LedgerError('DISK_FULL', 'the ledger could not grow', {
      hint: 'Free space on the disk that holds the data folder. Nothing that was acknowledged is lost.',
      cause: thrown,
    });
  }
  if (isDamage(code)) {
    return new LedgerError('LEDGER_DAMAGED', `the ledger on disk is damaged (${code})`, {
      hint: 'Stop the appliance and see what can be saved: vestibule repair --dry-run',
      cause: thrown,
    });
  }
  return new LedgerError('NOT_STORED', `the ledger could not store it (${code})`, {
    hint: 'It is tried again by itself. If it stays so, check the disk.',
    cause: thrown,
  });
}

/** Whether SQLite's code says that the file is not what SQLite wrote. */
export function isDamage(code: string): boolean {
  return code.startsWith('SQLITE_CORRUPT') || code === 'SQLITE_NOTADB';
}

/** True when no later command can succeed either. */
export function isLedgerGone(error: unknown): boolean {
  return codeOf(error) === 'LEDGER_FAILED' || codeOf(error) === 'LEDGER_CLOSED';
}
