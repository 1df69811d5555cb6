import { randomBytes } from 'node:crypto';
import { sealText } from '../../core/boxed-text.ts';
import type { Clock } from '../../core/clock.ts';
import { sha256 } from '../../core/digest.ts';
import type { AuditAction, AuditBy, AuditEntry } from '../../protocol/audit.ts';
import type { Ledger } from '../../uploader/index.ts';

/** What is to be recorded. */
export interface AuditWish extends AuditBy {
  readonly action: AuditAction;
  /** An id of ours or a generated code; anything else is refused. */
  readonly subject?: string;
  /** Words that a person typed. They are sealed, and never leave the appliance. */
  readonly why?: string;
  /** Our own words, numbers and ids, as JSON of at most 8 KB. It leaves with the log: nothing typed, no name, no path. */
  readonly evidence?: unknown;
}

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

  /** The ledger for one step: the step and this record are one transaction. */
  alongside(wish: AuditWish): Ledger {
    return this.#deps.ledger.audited(this.#entry(wish));
  }

  #entry(wish: AuditWish): AuditEntry {
    return sealedEntry(stamped(wish, this.#deps.clock), this.#deps.storageKey);
  }
}

/** A record before its reason is sealed. */
export interface StampedRecord {
  readonly record: Omit<AuditEntry['record'], 'whySha256'>;
  readonly why?: string;
}

/** A wish with an id and the time. */
export function stamped({ why, subject, evidence, ...rest }: AuditWish, clock: Clock): StampedRecord {
  if (subject !== undefined && !/^[\w.:-]{1,120}$/.test(subject)) {
    throw new TypeError('the subject of an audit record is an id or a code');
  }
  return {
    record: {
      ...{ v: 1, id: `aud-${randomBytes(12).toString('hex')}` },
      ...{ at: clock.now().toISOString(), bootId: clock.bootId, monotonicMs: clock.monotonicMs() },
      ...rest,
      ...(subject === undefined ? {} : { subject }),
      ...(evidence === undefined ? {} : { evidence: bounded(evidence) }),
    },
    ...(why === undefined ? {} : { why: why.slice(0, longestWhy) }),
  };
}

/** Seals the reason, and ties the record to it. */
export function sealedEntry({ record, why }: StampedRecord, storageKey: Uint8Array): AuditEntry {
  if (why === undefined) return { record };
  const sealed = sealText(why, storageKey);
  return { record: { ...record, whySha256: sha256(sealed) }, why: sealed };
}

const longestWhy = 1000;
const maxEvidenceBytes = 8 * 1024;

/** Evidence never keeps a record from being stored: too much of it is left out, and that is said. */
function bounded(evidence: unknown): unknown {
  const bytes = Buffer.byteLength(JSON.stringify(evidence));
  return bytes <= maxEvidenceBytes ? evidence : { leftOut: 'too much', bytes };
}
