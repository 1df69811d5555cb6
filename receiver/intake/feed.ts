import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import { backoff } from '../../core/retry.ts';
import type { Catalogue } from '../catalogue/catalogue.ts';
import type { DeviceChannel } from '../channel/channel.ts';
import { screenPage } from './screen.ts';

export interface FeedDeps {
  readonly clock: Clock;
  readonly log: Log;
  readonly catalogue: Catalogue;
  readonly channel: DeviceChannel;
  readonly eventsPerPage: number;
  readonly pollSeconds: number;
  readonly retryFirstMs: number;
  /** Called after events of these devices are safe in the catalogue. */
  readonly onAccepted: (deviceIds: readonly string[]) => void;
}

/** One request every quarter of a minute bothers no hub, and nobody waits long after an outage. */
const ceilingMs = 15_000;

/**
 * Moves events from the hub's log into the catalogue's inbox. An event and the checkpoint above it are one transaction,
 * so that none is lost and none is worked on twice; the hub is told to forget only what is durable here.
 */
export async function runFeed(deps: FeedDeps, signal: AbortSignal): Promise<void> {
  const { clock, log, retryFirstMs } = deps;
  const delay = backoff(retryFirstMs, ceilingMs);
  for (let failures = 0; !signal.aborted; ) {
    try {
      await movePage(deps, signal);
      failures = 0;
    } catch (error) {
      if (signal.aborted) return;
      failures++;
      if (failures === 1) log.warn({ error: describe(error) }, 'events could not be fetched');
      await clock.sleep(delay(failures), signal).catch(() => undefined);
    }
  }
}

async function movePage(deps: FeedDeps, signal: AbortSignal): Promise<void> {
  const { catalogue, channel, eventsPerPage, log, onAccepted, pollSeconds } = deps;
  const after = await catalogue.checkpoint();
  const page = await channel.events({ after, limit: eventsPerPage, waitSeconds: pollSeconds }, signal);
  if (page.newest !== undefined && page.newest < after) {
    log.warn({ checkpoint: after, newest: page.newest }, 'the event log of the hub is another one; begun anew');
    await catalogue.resetCheckpoint();
    return;
  }
  const acceptance = screenPage(page);
  if (!acceptance) return;
  await catalogue.accept(acceptance);
  for (const { code, sequence } of acceptance.rejections) log.warn({ code, sequence }, 'event rejected');
  log.info({ events: acceptance.events.length, through: acceptance.through }, 'events accepted');
  onAccepted([...new Set(page.events.map((event) => event.deviceId))]);
  await channel.trim(acceptance.through, signal);
}
