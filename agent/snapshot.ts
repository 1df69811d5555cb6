import { statfs } from 'node:fs/promises';
import { createRequire } from 'node:module';
import type { Systeminformation } from 'systeminformation';
import { daysLeft } from '../certs/index.ts';
import type { Clock } from '../core/clock.ts';
import { codeOf } from '../core/errors.ts';
import type { ApplianceStatus, DeliveryStatus, ProcedureStatus } from '../protocol/control.ts';
import type { Reported } from '../protocol/twin.ts';
import type { Ledger } from '../uploader/index.ts';
import type { SpaceLimits, Storage } from './storage/index.ts';

/** Space on the disk that holds a folder, in bytes. */
export async function diskOf(folder: string): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** How full the case store is. */
export async function storageStatus(
  storage: Pick<Storage, 'look'>,
  { quotaBytes, reserveBytes }: Pick<SpaceLimits, 'quotaBytes' | 'reserveBytes'>,
): Promise<ApplianceStatus['storage']> {
  const { state, usedBytes, budgetBytes } = await storage.look();
  return { state, usedBytes, budgetBytes, reserveBytes, ...(quotaBytes === undefined ? {} : { quotaBytes }) };
}

/** The twin is not written for every page that the ledger grows by. */
const reportedStepBytes = 64 * 1024 * 1024;

/**
 * The one file of the system information library that tells of memory, loaded when first asked: the whole library would
 * stay in the memory of an idle appliance for ever.
 */
function memory(): Promise<Systeminformation.MemData> {
  const require = createRequire(import.meta.url);
  return (require('systeminformation/lib/memory.js') as typeof import('systeminformation')).mem();
}

/** What the twin reports: counts, states and versions. */
export async function snapshot(deps: {
  readonly clock: Clock;
  readonly version: string;
  readonly startedAt: Date;
  readonly procedure: ProcedureStatus;
  readonly cases: Readonly<Record<string, number>>;
  readonly isDamaged: boolean;
  readonly folder: string;
  readonly storage: Pick<Storage, 'look'>;
  readonly certificateEnds: Date;
  readonly delivery: DeliveryStatus | undefined;
}): Promise<Reported> {
  const { available, total } = await memory();
  const { clock, version, startedAt, procedure, cases, isDamaged, folder, storage, certificateEnds, delivery } = deps;
  const { state, usedBytes } = await storage.look();
  const alarm = delivery?.alarm;
  return {
    v: 1,
    appliance: { version, startedAt: startedAt.toISOString(), bootId: clock.bootId },
    gate: {
      ...{ state: procedure.state, open: procedure.gate === 'open', since: procedure.since },
      ...(procedure.stuck ? { stuck: true as const } : {}),
      ...(procedure.override ? { override: true as const } : {}),
      ...(procedure.faults ? { faults: procedure.faults.length } : {}),
    },
    cases,
    disk: await diskOf(folder),
    storage: {
      usedBytes: Math.ceil(usedBytes / reportedStepBytes) * reportedStepBytes,
      ...(state === 'full' ? { full: true as const } : {}),
      ...(isDamaged ? { damaged: true as const } : {}),
    },
    ...(alarm ? { delivery: { stalledSince: alarm.since, cause: alarm.cause } } : {}),
    host: { memoryFreeBytes: available, memoryTotalBytes: total },
    certificate: { notAfter: certificateEnds.toISOString(), daysLeft: daysLeft(certificateEnds, clock.now()) },
  };
}

/** The cases at each stage, as far as the ledger can be read, and whether it was found to be damaged. */
export function casesOf(ledger: Pick<Ledger, 'read' | 'isDamaged'>) {
  let cases: Readonly<Record<string, number>> = {};
  try {
    cases = ledger.read.stageCounts();
  } catch (error) {
    if (codeOf(error) !== 'LEDGER_DAMAGED') throw error;
  }
  return { cases, isDamaged: ledger.isDamaged };
}
