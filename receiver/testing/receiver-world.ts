import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { type Log, silentLog } from '../../core/log.ts';
import type { CatalogueReader } from '../catalogue/catalogue.ts';
import {
  createReceiverKeys,
  openCatalogueReader,
  Receiver,
  type ReceiverSettings,
  receiverSettingsSchema,
} from '../index.ts';
import { TestDevice } from './device.ts';
import { HubWorld } from './hub-world.ts';

export const quickLimits = { retryFirstMs: 30, retryCeilingMs: 300, pollSeconds: 1, methodSeconds: 5, reserveBytes: 0 };

/** The real hub and the real receiver, each with a folder of its own. */
export class ReceiverWorld {
  readonly hub: HubWorld;
  readonly settings: ReceiverSettings;
  readonly log: Log;
  #receiver: Receiver | undefined;

  private constructor(hub: HubWorld, settings: ReceiverSettings, log: Log) {
    this.hub = hub;
    this.settings = settings;
    this.log = log;
  }

  static async make(limits: Partial<ReceiverSettings['limits']> = {}, log = silentLog): Promise<ReceiverWorld> {
    const hub = await HubWorld.start();
    const settings = receiverSettingsSchema.parse({
      hub: {
        host: 'localhost',
        httpsPort: hub.hub.httpsPort,
        caPem: hub.authority.certPem,
        serviceKey: hub.settings.serviceKey,
      },
      storage: { account: hub.settings.storageAccount.name, key: hub.settings.storageAccount.key },
      operationalCaPem: hub.authority.certPem,
      keys: await createReceiverKeys(),
      limits: { ...quickLimits, ...limits },
    });
    return new ReceiverWorld(hub, settings, log);
  }

  get folder(): string {
    return join(this.hub.folder, 'receiver');
  }

  async start(): Promise<this> {
    const { folder, log, settings } = this;
    this.#receiver = new Receiver({ clock: systemClock, log, folder, settings });
    await this.#receiver.start(new AbortController().signal);
    return this;
  }

  async stop(): Promise<void> {
    await this.#receiver?.stop();
    this.#receiver = undefined;
  }

  async device(deviceId: string): Promise<TestDevice> {
    return (await TestDevice.make(this.hub, deviceId)).connect();
  }

  /** What the catalogue says, whether the receiver runs or not. */
  async read<T>(use: (reader: CatalogueReader) => Promise<T>): Promise<T> {
    const reader = openCatalogueReader(this.folder);
    try {
      return await use(reader);
    } finally {
      reader.close();
    }
  }

  async close(): Promise<void> {
    await this.stop();
    await this.hub.close();
  }
}
