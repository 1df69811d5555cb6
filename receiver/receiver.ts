import type { Clock } from '../core/clock.ts';
import { makeFolder } from '../core/files.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Log } from '../core/log.ts';
import { SqliteCatalogue } from './catalogue/sqlite.ts';
import { StorageBlobs } from './channel/blobs.ts';
import { EmbeddedHubChannel } from './channel/embedded-hub.ts';
import { HttpsClient } from './channel/http.ts';
import { Engine, type Ports } from './engine.ts';
import { FolderObjects } from './objects/folder.ts';
import type { ReceiverSettings } from './settings.ts';
import { shelfPaths } from './shelf.ts';

export interface ReceiverDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Everything of the receiver lies below it. One process at a time. */
  readonly folder: string;
  readonly settings: ReceiverSettings;
}

/** The receiver with a folder of its own for catalogue and objects, and the embedded hub as its channel. */
export class Receiver implements Service {
  readonly name = 'receiver';
  readonly #deps: ReceiverDeps;
  #engine: Engine | undefined;
  #close: () => void = () => {};

  constructor(deps: ReceiverDeps) {
    this.#deps = deps;
  }

  async start(signal: AbortSignal): Promise<void> {
    const { close, ports } = await openPorts(this.#deps);
    this.#close = close;
    this.#engine = new Engine({ ...this.#deps, ...ports });
    await this.#engine.start(signal);
  }

  /** Waits for what is under way to end or to be given up; nothing of it is lost. Safe after a failed start. */
  async stop(): Promise<void> {
    await this.#engine?.stop();
    this.#close();
  }
}

/** The ports of one machine: SQLite, a folder, the embedded hub. */
export async function openPorts(deps: ReceiverDeps): Promise<{ readonly ports: Ports; readonly close: () => void }> {
  const { clock, folder, settings } = deps;
  const { hub, limits, storage } = settings;
  const paths = shelfPaths(folder);
  await makeFolder(folder);
  const objects = await FolderObjects.open(paths.objects, limits.reserveBytes);
  const catalogue = new SqliteCatalogue(paths.catalogue, { clock, ...limits });
  const http = new HttpsClient({ host: hub.host, port: hub.httpsPort, caPem: hub.caPem });
  const channel = new EmbeddedHubChannel({ clock, http, ...hub, ...limits });
  const blobs = new StorageBlobs({ clock, http, ...storage, idleMs: limits.blobIdleMs });
  const close = () => {
    http.close();
    catalogue.close();
  };
  return { ports: { catalogue, objects, channel, blobs }, close };
}
