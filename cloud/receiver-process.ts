import type { Clock } from '../core/clock.ts';
import { runUntilSignalled, Services } from '../core/lifecycle.ts';
import { openLog } from '../core/log.ts';
import type { Announce } from '../core/milestones.ts';
import { Receiver } from '../receiver/index.ts';
import type { CloudFolders } from './folders.ts';
import { readReceiverSettings } from './init.ts';

/** The receiver's process. It reads its own folder only; everything else comes over TLS. */
export async function runReceiver(deps: {
  readonly folders: CloudFolders;
  readonly clock: Clock;
  readonly announce: Announce;
}): Promise<void> {
  const { folders, clock, announce } = deps;
  const log = openLog({ file: folders.receiverLog });
  const settings = readReceiverSettings(folders);
  const receiver = new Receiver({ clock, log, folder: folders.receiver, settings });
  const services = new Services([receiver]);
  await services.start();
  announce({ event: 'receiver-listening', text: 'Receiver: taking batches from the hub.' });
  await runUntilSignalled(() => services.stop());
}
