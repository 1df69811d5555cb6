import { setImmediate as turn } from 'node:timers/promises';
import type { Clock } from '../core/clock.ts';
import type { Gate } from '../core/gate.ts';
import { sharedMs } from '../core/gate-flag.ts';
import { version } from '../core/version.ts';
import type { Bundle } from '../protocol/bundle.ts';
import type { ApplianceStatus, ControlRequest, ProcedureStarted } from '../protocol/control.ts';
import type { Ledger } from '../uploader/index.ts';
import type { DriftFile } from './analysis/index.ts';
import { type Account, type AuditLog, leaseRecordId } from './audit/index.ts';
import type { CloudSide } from './cloud-side.ts';
import type { Config } from './config.ts';
import type { DeliveryWatch } from './delivery/index.ts';
import type { Folders } from './folders.ts';
import type { ProcedureWatch } from './procedure/index.ts';
import type { DiskStanding } from './seal/index.ts';
import { casesOf, diskOf, storageStatus } from './snapshot.ts';
import type { Storage } from './storage/index.ts';

/** So long after it was asked, `procedure start` names what still runs; a slow disk leaves at least the second. */
const quietWithinMs = 120;
const leastQuietMs = 20;

interface Deps {
  readonly procedure: ProcedureWatch;
  readonly cloud: CloudSide;
  readonly config: Config;
  readonly bundle: Bundle;
  readonly ledger: Ledger;
  readonly audit: AuditLog;
  readonly storage: Storage;
  readonly folders: Folders;
  readonly clock: Clock;
  readonly gate: Gate;
  readonly disk: Pick<DiskStanding, 'status'>;
  /** Absent where nothing leaves. */
  readonly delivery: DeliveryWatch | undefined;
  readonly drift: Pick<DriftFile, 'models'>;
  readonly startedAt: Date;
}

type Asked<Verb extends ControlRequest['verb']> = Extract<ControlRequest, { readonly verb: Verb }>;

/** What the daemon is asked of itself: its status, and that somebody wants to be alone. */
export function daemonVerbs(deps: Deps) {
  const { procedure, folders, audit } = deps;
  return {
    status: () => statusOf(deps),
    'procedure-status': () => procedure.status,
    'procedure-start': (asked: Asked<'procedure-start'>, account: Account) => begin(deps, asked, account),
    'procedure-stop': ({ holder }: Asked<'procedure-stop'>) => {
      procedure.release(holder);
      return procedure.status;
    },
    'audit-take': () => audit.takePending(folders.audit),
  };
}

async function statusOf(deps: Deps): Promise<ApplianceStatus> {
  const { procedure, cloud, config, bundle, ledger, storage, folders, startedAt, disk, delivery, drift } = deps;
  delivery?.look();
  const { cases, isDamaged } = casesOf(ledger);
  return {
    version: version(),
    device: bundle.device,
    startedAt: startedAt.toISOString(),
    procedure: procedure.status,
    ...cloud.status,
    privacy: { profile: config.privacy.profile },
    ...(delivery ? { delivery: delivery.status } : {}),
    cases,
    ...(isDamaged ? { ledger: 'damaged' as const } : {}),
    disk: await diskOf(folders.folder),
    storage: await storageStatus(storage, config.storage),
    inboxes: config.inboxes.length,
    budgets: { ...config.budgets, diskClass: disk.status },
    ...(drift.models.length > 0 ? { analysis: drift.models } : {}),
  };
}

async function begin(
  { procedure, clock, gate }: Deps,
  { reason, holder, forMs }: Asked<'procedure-start'>,
  account: Account,
): Promise<ProcedureStarted> {
  const askedMs = sharedMs();
  const stopped = gate.running;
  // What can be cut is cut now, and says so before the disk is waited for.
  gate.close();
  await turn();
  const lease = procedure.take({ reason, holder, ...(forMs === undefined ? {} : { forMs }) });
  const passedMs = sharedMs() - askedMs;
  const withinMs = Math.max(leastQuietMs, quietWithinMs - passedMs);
  // The lease is on disk, and a start finds one without a record: its record keeps nobody waiting for longer.
  const recorded = account.record({ id: leaseRecordId(lease.id) }).catch(() => {});
  const [waiting] = await Promise.all([gate.quiet(withinMs), Promise.race([recorded, clock.sleep(withinMs)])]);
  return { lease, quiet: waiting.length === 0, waiting, daemon: true, stopped, ...stillnessOf(gate, askedMs) };
}

function stillnessOf({ stillness }: Gate, askedMs: number): Pick<ProcedureStarted, 'quietMs' | 'last'> {
  if (!stillness) return {};
  const { sinceMs, last } = stillness;
  const quietMs = Math.max(0, Math.round(sinceMs - askedMs));
  return last === undefined || sinceMs < askedMs ? { quietMs } : { quietMs, last };
}
