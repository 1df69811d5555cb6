import type { Clock } from '../core/clock.ts';
import { describe, type Log } from '../core/log.ts';
import type { BlobStore } from './blob/blob-store.ts';
import type { Attendance } from './mqtt/attendance.ts';
import type { Registry } from './registry/registry.ts';
import type { HubLimits } from './settings.ts';

export interface UpkeepDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly limits: Pick<HubLimits, 'registryPollMs' | 'uncommittedKeepSeconds' | 'committedKeepSeconds'>;
  readonly registry: Registry;
  readonly attendance: Attendance;
  readonly blobs: BlobStore;
}

const collectEveryMs = 3600_000;

/** Until `signal` aborts: closes the connections of devices that another process has disabled. */
export async function watchRegistry(deps: UpkeepDeps, signal: AbortSignal): Promise<void> {
  await every(deps.limits.registryPollMs, deps, signal, async () => {
    if (deps.registry.changedElsewhere()) deps.attendance.enforce();
  });
}

/** Until `signal` aborts: removes the staged blocks of uploads that were given up long ago, and blobs past their time. */
export async function collectOldBlobs(deps: UpkeepDeps, signal: AbortSignal): Promise<void> {
  const { blobs, clock, limits, log } = deps;
  const ago = (seconds: number) => new Date(clock.now().getTime() - seconds * 1000);
  await every(collectEveryMs, deps, signal, async () => {
    const abandoned = await blobs.collectAbandoned(ago(limits.uncommittedKeepSeconds));
    if (abandoned > 0) log.info({ event: 'abandoned-blocks-removed', files: abandoned });
    const old = await blobs.collectOld(ago(limits.committedKeepSeconds));
    if (old > 0) log.info({ event: 'old-blobs-removed', files: old });
  });
}

/** Runs a task again and again; one that fails is logged and tried again in its turn. */
async function every(
  ms: number,
  { clock, log }: UpkeepDeps,
  signal: AbortSignal,
  task: () => Promise<void>,
): Promise<void> {
  while (!signal.aborted) {
    try {
      await task();
    } catch (error) {
      log.error({ event: 'upkeep-failed', ...describe(error) });
    }
    await clock.sleep(ms, signal).catch(() => {});
  }
}
