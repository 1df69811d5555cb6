import { sealText } from '../../core/boxed-text.ts';
import type { Clock } from '../../core/clock.ts';
import { sha256 } from '../../core/digest.ts';
import type { AuditEntry } from '../../protocol/audit.ts';
import type { Ledger } from '../../uploader/index.ts';
import { pendingRecords, removePending, setAside } from './pending.ts';
import { type AuditWish, type StampedRecord, stamped } from './stamp.ts';

interface Deps {
  readonly ledger: Pick<Ledger, 'audit' | 'audited'>;
  readonly clock: Clock;
  /** Seals what people typed. */
  readonly storageKey: Uint8Array;
}

/** The audit log of a running appliance: records go into the ledger's chain, by its one writer. */
export class AuditLog {
  readonly #deps: Deps;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  /** Records something; resolves when it is on disk. For a step that the ledger stores, use `alongside`. */
  async record(wish: AuditWish): Promise<void> {
    await this.#deps.ledger.audit(this.#entry(wish));
  }

  /**
   * Takes in what commands left while no daemon ran, or beside it. Each is stored before its file goes; one that is no
   * record is put aside, and that is recorded.
   */
  async takePending(folder: string): Promise<void> {
    for (const pending of pendingRecords(folder)) {
      if (pending.stamped) {
        await this.#deps.ledger.audit(sealedEntry(pending.stamped, this.#deps.storageKey));
        removePending(pending);
      } else {
        await this.record({ action: 'record-unreadable', actor: 'appliance' });
        setAside(pending);
      }
    }
  }

  /** The ledger for one step: the step and this record are one transaction. */
  alongside(wish: AuditWish): Ledger {
    return this.#deps.ledger.audited(this.#entry(wish));
  }

  #entry(wish: AuditWish): AuditEntry {
    return sealedEntry(stamped(wish, this.#deps.clock), this.#deps.storageKey);
  }
}

/** Seals the reason, and ties the record to it. */
export function sealedEntry({ record, why }: StampedRecord, storageKey: Uint8Array): AuditEntry {
  if (why === undefined) return { record };
  const sealed = sealText(why, storageKey);
  return { record: { ...record, whySha256: sha256(sealed) }, why: sealed };
}
