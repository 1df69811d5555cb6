import type { Database } from '../../core/database.ts';
import { RegistryError } from './errors.ts';
import { isRunning, stampOf } from './process-stamp.ts';

/** Notes which process is the hub. Throws HUB_RUNS while another one that claimed it still runs. */
export function claimFor(database: Database, pid: number, bootId: string): void {
  const stamp = stampOf(pid, bootId) ?? '';
  const owner = claimOf(database);
  if (owner !== undefined && owner !== stamp && isRunning(owner, bootId)) {
    throw new RegistryError('HUB_RUNS', 'another process runs a hub on this folder', {
      hint: 'Stop it first, or give this one a folder of its own.',
    });
  }
  database.prepare('INSERT OR REPLACE INTO hub_process VALUES (1, ?)').run(stamp);
}

/** True while the hub that claimed the registry last still runs. */
export function hubRuns(database: Database, bootId: string): boolean {
  const stamp = claimOf(database);
  return stamp !== undefined && isRunning(stamp, bootId);
}

function claimOf(database: Database): string | undefined {
  const row = database.prepare('SELECT stamp FROM hub_process').get() as { stamp: string } | undefined;
  return row?.stamp;
}
