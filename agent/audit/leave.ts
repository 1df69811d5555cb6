import { systemClock } from '../../core/clock.ts';
import type { Lease } from '../../protocol/control.ts';
import { whoRuns } from './claim.ts';
import { leaveRecord } from './pending.ts';
import { type AuditWish, leaseRecordId, stamped } from './stamp.ts';

/**
 * Records a lease that this command took by itself. It holds all the same when it cannot be recorded: a daemon that
 * starts finds it, and does it then.
 */
export function recordLease(folder: string, { id, holder, reason }: Lease): void {
  try {
    recordOwn(folder, { action: 'procedure-start', id: leaseRecordId(id), why: `${holder}: ${reason}` });
  } catch {
    // As said.
  }
}

/** Records what a command of this process did; when it returns, that is on disk. The daemon chains it. */
export function recordOwn(folder: string, wish: Omit<AuditWish, 'actor' | 'uid' | 'uidFrom' | 'behalfOf'>): void {
  leaveRecord(folder, stamped({ ...wish, ...whoRuns(process.env) }, systemClock));
}
