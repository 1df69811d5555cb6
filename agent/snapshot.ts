import { statfs } from 'node:fs/promises';
import { daysLeft } from '../certs/index.ts';
import type { Clock } from '../core/clock.ts';
import type { ProcedureStatus } from '../protocol/control.ts';
import type { Reported } from '../protocol/twin.ts';

/** Space on the disk that holds a folder, in bytes. */
export async function diskOf(folder: string): Promise<{ readonly freeBytes: number; readonly totalBytes: number }> {
  const { bavail, blocks, bsize } = await statfs(folder);
  return { freeBytes: bavail * bsize, totalBytes: blocks * bsize };
}

/** What the twin reports: counts, states and versions. Loads the system information library when first asked. */
export async function snapshot(deps: {
  readonly clock: Clock;
  readonly version: string;
  readonly startedAt: Date;
  readonly procedure: ProcedureStatus;
  readonly cases: Readonly<Record<string, number>>;
  readonly folder: string;
  readonly certificateEnds: Date;
}): Promise<Reported> {
  const { default: systeminformation } = await import('systeminformation');
  const memory = await systeminformation.mem();
  const { clock, version, startedAt, procedure, cases, folder, certificateEnds } = deps;
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
    host: { memoryFreeBytes: memory.available, memoryTotalBytes: memory.total },
    certificate: { notAfter: certificateEnds.toISOString(), daysLeft: daysLeft(certificateEnds, clock.now()) },
  };
}
