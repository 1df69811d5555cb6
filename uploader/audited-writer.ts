import type { AuditEntry } from '../protocol/audit.ts';
import type { LedgerError } from './ledger-error.ts';
import type { ArgsOf, CommandName, ResultOf } from './ledger-group.ts';
import type { WritesLedger } from './ledger-writer.ts';

/** The same writer, which stores one record with each command that is run through it. */
export class AuditedWriter implements WritesLedger {
  readonly #writer: WritesLedger;
  readonly #audit: AuditEntry;

  constructor(writer: WritesLedger, audit: AuditEntry) {
    this.#writer = writer;
    this.#audit = audit;
  }

  get failed(): Promise<LedgerError> {
    return this.#writer.failed;
  }

  get commits(): number {
    return this.#writer.commits;
  }

  get isWriting(): boolean {
    return this.#writer.isWriting;
  }

  get isDamaged(): boolean {
    return this.#writer.isDamaged;
  }

  run<Name extends CommandName>(name: Name, args: ArgsOf<Name>, audit = this.#audit): Promise<ResultOf<Name>> {
    return this.#writer.run(name, args, audit);
  }

  compact(): Promise<void> {
    return this.#writer.compact();
  }

  onDiskFull(listener: () => void): void {
    this.#writer.onDiskFull(listener);
  }

  close(): Promise<void> {
    return this.#writer.close();
  }
}
