import type { AddressInfo } from 'node:net';
import type { Clock } from '../core/clock.ts';
import type { Service } from '../core/lifecycle.ts';
import type { Log } from '../core/log.ts';
import { assembleHub, type HubParts } from './assembly.ts';
import type { HubSettings } from './settings.ts';
import { closeStores, openStores, type Stores } from './stores.ts';
import { collectOldBlobs, watchRegistry } from './upkeep.ts';

export interface HubDeps {
  readonly clock: Clock;
  readonly log: Log;
  /** Where everything that the hub keeps lives. One hub at a time may run on it. */
  readonly folder: string;
  readonly settings: HubSettings;
}

/** The states of a hub: what a connecting device meets, and the only order they come in. */
type HubState = 'new' | 'starting' | 'serving' | 'stopping' | 'stopped';

/**
 * The embedded IoT Hub: hub and DPS over MQTT, file upload, block blobs and the service REST API over HTTPS, on two TLS
 * ports. What it acknowledged survives the loss of the process at any moment.
 */
export class Hub implements Service {
  readonly name = 'hub';
  readonly #deps: HubDeps;
  readonly #stopping = new AbortController();
  #state: HubState = 'new';
  #stores: Stores | undefined;
  #parts: HubParts | undefined;
  #upkeep: Promise<unknown> = Promise.resolve();

  constructor(deps: HubDeps) {
    this.#deps = deps;
  }

  /** The port that MQTT listens on; only after `start`. */
  get mqttPort(): number {
    return this.#running().listener.port;
  }

  /** The port that HTTPS listens on; only after `start`. */
  get httpsPort(): number {
    return (this.#running().app.server.address() as AddressInfo).port;
  }

  /** Listens first and then tidies up, so that a device that comes early is told to come back, not refused. */
  async start(signal: AbortSignal): Promise<void> {
    const { settings, log } = this.#deps;
    this.#state = 'starting';
    const stores = await openStores(this.#deps);
    this.#stores = stores;
    stores.registry.claimForHub();
    const parts = assembleHub(this.#deps, stores, {
      isServing: () => this.#state === 'serving',
      stopping: this.#stopping.signal,
      httpsPort: () => this.httpsPort,
    });
    this.#parts = parts;
    await parts.broker.start();
    await parts.listener.listen(settings.mqttPort, settings.listen);
    await parts.app.listen({ port: settings.httpsPort, host: settings.listen });
    const leftovers = await stores.blobs.sweep();
    signal.throwIfAborted();
    if (leftovers > 0) log.info({ event: 'leftover-blocks-removed', files: leftovers });
    const upkeep = { ...this.#deps, ...stores, attendance: parts.attendance, limits: settings.limits };
    this.#upkeep = Promise.all([
      watchRegistry(upkeep, this.#stopping.signal),
      collectOldBlobs(upkeep, this.#stopping.signal),
    ]);
    this.#state = 'serving';
    log.info({ event: 'hub-serving', mqttPort: this.mqttPort, httpsPort: this.httpsPort });
  }

  /** Refuses newcomers, ends waiting calls, closes connections, then the databases. Safe after a failed start. */
  async stop(): Promise<void> {
    this.#state = 'stopping';
    this.#stopping.abort();
    await this.#upkeep;
    await this.#parts?.app.close();
    await this.#parts?.broker.stop();
    this.#parts?.attendance.everyoneLeft();
    await this.#parts?.listener.close();
    if (this.#stores) closeStores(this.#stores);
    this.#stores = undefined;
    this.#state = 'stopped';
  }

  #running(): HubParts {
    if (!this.#parts) throw new Error(`the hub is ${this.#state}: it has no ports yet`);
    return this.#parts;
  }
}
