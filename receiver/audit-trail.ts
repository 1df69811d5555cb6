import { chainHash, firstHead } from '../protocol/audit.ts';
import type { AuditHeadRow } from './catalogue/audit-heads.ts';

/** Where an appliance's audit log, as it was received, does not hold together. `seq`: the first place where it is so. */
export interface TrailFault {
  readonly code: 'AUDIT_FORKED' | 'AUDIT_BACKWARD' | 'AUDIT_ALTERED';
  readonly batch: string;
  readonly problem: string;
}

/** A segment of an audit log as it came. */
export interface TrailSegment {
  readonly batch: string;
  readonly body: Uint8Array;
}

interface Line {
  readonly first: number;
  readonly last: number;
  readonly before: string;
  readonly hash: string;
}

/**
 * Looks whether one device's segments follow each other, hash what they say, and agree with every head that was signed.
 * Segments that have not come yet are no fault: whatever stands behind such a gap is checked from its own beginning.
 */
export function trailFaults(heads: readonly AuditHeadRow[], segments: readonly TrailSegment[]): readonly TrailFault[] {
  const faults: TrailFault[] = heads.flatMap(({ batch, seq, complaint }) =>
    complaint ? [{ code: complaint, batch, problem: `the audit log's head ${seq} contradicts an earlier one` }] : [],
  );
  const known = new Map<number, string>([[firstHead.seq, firstHead.hash]]);
  for (const { batch, body } of segments) {
    const fault = readSegment(Buffer.from(body).toString('utf8'), known);
    if (fault !== undefined) faults.push({ code: 'AUDIT_ALTERED', batch, problem: fault });
  }
  for (const { batch, seq, hash } of heads) {
    const found = known.get(seq);
    if (found === undefined || found === hash) continue;
    faults.push({ code: 'AUDIT_FORKED', batch, problem: `record ${seq} is another one than the head that was signed` });
  }
  return faults;
}

/** Walks one segment and notes the hash of every place. Returns what is wrong, in words. */
function readSegment(text: string, known: Map<number, string>): string | undefined {
  const [head = '', ...records] = text.trimEnd().split('\n');
  const line = parse(head);
  if (!line || records.length !== line.last - line.first + 1) return 'a segment of the audit log cannot be read';
  const before = known.get(line.first - 1);
  if (before !== undefined && before !== line.before) return `record ${line.first} does not follow the one before`;
  known.set(line.first - 1, line.before);
  let hash = line.before;
  for (const [n, record] of records.entries()) {
    hash = chainHash(hash, record);
    const seq = line.first + n;
    const other = known.get(seq);
    if (other !== undefined && other !== hash) return `record ${seq} came before, and was another one`;
    known.set(seq, hash);
  }
  return hash === line.hash ? undefined : `the records from ${line.first} to ${line.last} are not what was chained`;
}

function parse(head: string): Line | undefined {
  try {
    const found = JSON.parse(head) as Line;
    const numbers = Number.isSafeInteger(found.first) && Number.isSafeInteger(found.last);
    return numbers && typeof found.before === 'string' ? found : undefined;
  } catch {
    return undefined;
  }
}
