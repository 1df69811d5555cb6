import type { Database } from '../core/database.ts';
import type { AuditEntry } from '../protocol/audit.ts';
import { appendAudit, auditCommands } from './audit/audit-commands.ts';
import { segmentCommands } from './audit/segment-commands.ts';
import { caseCommands } from './case-commands.ts';
import { deliveryCommands } from './delivery-commands.ts';
import { asLedgerError, type LedgerErrorCode } from './ledger-error.ts';
import { holdCommands } from './orders/hold-commands.ts';
import { withdrawCommands } from './orders/withdraw-commands.ts';
import { outboxCommands } from './outbox/outbox-commands.ts';
import { receiptCommands } from './receipt-commands.ts';
import { releaseCommands } from './retention/release-commands.ts';
import type { Statements } from './statements.ts';

/** Every way in which the ledger changes: a name, and what it does inside the writer's transaction. */
export const ledgerCommands = {
  ...caseCommands,
  ...deliveryCommands,
  ...receiptCommands,
  ...outboxCommands,
  ...auditCommands,
  ...segmentCommands,
  ...releaseCommands,
  ...holdCommands,
  ...withdrawCommands,
} as const;

export type LedgerCommands = typeof ledgerCommands;
export type CommandName = keyof LedgerCommands;
export type ArgsOf<Name extends CommandName> = Parameters<LedgerCommands[Name]>[1];
export type ResultOf<Name extends CommandName> = ReturnType<LedgerCommands[Name]>;

/** A command on its way to the writer. */
export interface LedgerRequest {
  readonly id: number;
  readonly name: CommandName;
  readonly args: unknown;
  /** Recorded with it, or not at all. */
  readonly audit?: AuditEntry;
}

export type LedgerAnswer =
  | { readonly id: number; readonly ok: true; readonly result: unknown }
  | {
      readonly id: number;
      readonly ok: false;
      readonly error: { readonly code: LedgerErrorCode; readonly message: string; readonly hint: string | undefined };
    };

/**
 * Runs all waiting commands in one transaction and answers when it is on disk. A command that throws is undone by
 * itself; when the transaction cannot be committed, every one of them is answered with that error.
 */
export function runGroup(db: Database, sql: Statements, requests: readonly LedgerRequest[]): readonly LedgerAnswer[] {
  try {
    sql('BEGIN IMMEDIATE').run();
    const answers = requests.map((request) => runOne(db, sql, request));
    sql('COMMIT').run();
    return answers;
  } catch (error) {
    if (db.inTransaction) sql('ROLLBACK').run();
    return requests.map(({ id }) => refusal(id, error));
  }
}

function runOne(db: Database, sql: Statements, { id, name, args, audit }: LedgerRequest): LedgerAnswer {
  sql('SAVEPOINT command').run();
  try {
    const command = ledgerCommands[name] as (sql: Statements, args: unknown) => unknown;
    const result = command(sql, args);
    if (audit) appendAudit(sql, audit);
    sql('RELEASE command').run();
    return { id, ok: true, result };
  } catch (error) {
    // SQLite ends the whole transaction by itself on a full disk or an I/O error: then nobody's work is stored.
    if (!db.inTransaction) throw error;
    sql('ROLLBACK TO command').run();
    sql('RELEASE command').run();
    return refusal(id, error);
  }
}

function refusal(id: number, thrown: unknown): LedgerAnswer {
  const { code, message, hint } = asLedgerError(thrown);
  return { id, ok: false, error: { code, message, hint } };
}
