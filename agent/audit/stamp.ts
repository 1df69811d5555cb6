import { randomBytes } from 'node:crypto';
import type { Clock } from '../../core/clock.ts';
import type { AuditAction, AuditBy, AuditEntry } from '../../protocol/audit.ts';

/** What is to be recorded. */
export interface AuditWish extends AuditBy {
  readonly action: AuditAction;
  /** Given where the same thing might be recorded twice; else random. */
  readonly id?: string;
  /** An id of ours or a generated code; anything else is refused. */
  readonly subject?: string;
  /** Words that a person typed. They are sealed, and never leave the appliance. */
  readonly why?: string;
  /** Our own words, numbers and ids, as JSON of at most 8 KB. It leaves with the log: nothing typed, no name, no path. */
  readonly evidence?: unknown;
}

/** A record before its reason is sealed. */
export interface StampedRecord {
  readonly record: Omit<AuditEntry['record'], 'whySha256'>;
  readonly why?: string;
}

/** A wish with an id and the time. */
export function stamped(
  { id = newRecordId(), why, subject, evidence, ...rest }: AuditWish,
  clock: Clock,
): StampedRecord {
  if (subject !== undefined && !/^[\w.:-]{1,120}$/.test(subject)) {
    throw new TypeError('the subject of an audit record is an id or a code');
  }
  return {
    record: {
      ...{ v: 1, id },
      ...{ at: clock.now().toISOString(), bootId: clock.bootId, monotonicMs: clock.monotonicMs() },
      ...rest,
      ...(subject === undefined ? {} : { subject }),
      ...(evidence === undefined ? {} : { evidence: bounded(evidence) }),
    },
    ...(why === undefined ? {} : { why: why.slice(0, longestWhy) }),
  };
}

/** A lease is recorded once, whoever gets to it first. */
export function leaseRecordId(leaseId: string): string {
  return `aud-${leaseId}`;
}

function newRecordId(): string {
  return `aud-${randomBytes(12).toString('hex')}`;
}

const longestWhy = 1000;
const maxEvidenceBytes = 8 * 1024;

/** Evidence never keeps a record from being stored: too much of it is left out, and that is said. */
function bounded(evidence: unknown): unknown {
  const bytes = Buffer.byteLength(JSON.stringify(evidence));
  return bytes <= maxEvidenceBytes ? evidence : { leftOut: 'too much', bytes };
}
