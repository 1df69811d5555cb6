import type { Clock } from '../core/clock.ts';
import { makeFolder } from '../core/files.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Log } from '../core/log.ts';
import { SqliteCatalogue } from './catalogue/sqlite.ts';
import { StorageBlobs } from './channel/blobs.ts';
import { EmbeddedHubChannel } from './channel/embedded-hub.ts';
import { HttpsClient } from './channel/http.ts';
import { FolderObjects } from './objects/folder.ts';
import { Receiver } from './receiver.ts';
import type { ReceiverSettings } from './settings.ts';
import { shelfPaths } from './shelf.ts';

export interface OpenReceiverDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Everything of the receiver lies below it. One process at a time. */
  readonly folder: string;
  readonly settings: ReceiverSettings;
}

/** The receiver with a folder of its own and the embedded hub as its channel. Opens files; begins nothing. */
export async function openReceiver({ clock, log, folder, settings }: OpenReceiverDeps): Promise<Service> {
  const { hub, limits, storage } = settings;
  const paths = shelfPaths(folder);
  await makeFolder(folder);
  const catalogue = new SqliteCatalogue(paths.catalogue, { clock, ...limits });
  const objects = await FolderObjects.open(paths.objects, limits.reserveBytes);
  const http = new HttpsClient({ host: hub.host, port: hub.httpsPort, caPem: hub.caPem });
  const channel = new EmbeddedHubChannel({ clock, http, ...hub, ...limits });
  const blobs = new StorageBlobs({ clock, http, ...storage, idleMs: limits.blobIdleMs });
  const receiver = new Receiver({ clock, log, settings, catalogue, objects, channel, blobs });
  return {
    name: receiver.name,
    start: (signal) => receiver.start(signal),
    async stop() {
      await receiver.stop();
      http.close();
      catalogue.close();
    },
  };
}
