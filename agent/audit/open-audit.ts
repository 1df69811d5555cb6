import { chmodSync, readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import { sha256 } from '../../core/digest.ts';
import { makeFolder } from '../../core/files.ts';
import { version } from '../../core/version.ts';
import type { Lease } from '../../protocol/control.ts';
import type { Ledger } from '../../uploader/index.ts';
import type { Folders } from '../folders.ts';
import { AuditLog } from './audit-log.ts';
import { sweepClaims } from './claim.ts';
import { leaseRecordId } from './stamp.ts';

/** Only the daemon lists it; whoever may use the socket may make a folder in it. */
const claimsMode = 0o1730;

/**
 * The audit log of a starting daemon: it takes in what commands left meanwhile, leases taken without it included, and
 * records its own start.
 */
export async function openAudit(deps: {
  readonly folders: Pick<Folders, 'audit' | 'claims' | 'config'>;
  readonly ledger: Ledger;
  readonly clock: Clock;
  readonly storageKey: Uint8Array;
  readonly leases: readonly Lease[];
}): Promise<AuditLog> {
  const { folders, leases } = deps;
  await makeFolder(folders.claims);
  chmodSync(folders.claims, claimsMode);
  sweepClaims(folders.claims);
  const audit = new AuditLog(deps);
  await audit.takePending(folders.audit);
  // Mostly recorded already, by this id: a command that could write its lease, but no record, made it durable all the same.
  for (const { id, holder, reason } of leases) {
    const why = `${holder}: ${reason}`;
    const evidence = { foundAtStart: true };
    await audit.record({ action: 'procedure-start', id: leaseRecordId(id), actor: 'person', why, evidence });
  }
  const siteFile = sha256(readFileSync(folders.config));
  await audit.record({ action: 'daemon-started', actor: 'appliance', evidence: { version: version(), siteFile } });
  return audit;
}
