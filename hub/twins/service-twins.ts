import { HubError } from '../errors.ts';
import type { DeviceLinks } from '../mqtt/device-links.ts';
import { hubTopics } from '../mqtt/topics.ts';
import type { DeviceRecord } from '../registry/records.ts';
import type { Registry } from '../registry/registry.ts';
import { desiredPush, serviceTwinDocument } from './documents.ts';
import type { TwinChange, TwinStore } from './twin-store.ts';

/** Twins as services see and change them; a change of desired properties is pushed to the device if it listens. */
export class ServiceTwins {
  readonly #registry: Registry;
  readonly #twins: TwinStore;
  readonly #links: DeviceLinks;

  constructor(deps: { readonly registry: Registry; readonly twins: TwinStore; readonly links: DeviceLinks }) {
    this.#registry = deps.registry;
    this.#twins = deps.twins;
    this.#links = deps.links;
  }

  /** Throws DEVICE_NOT_FOUND. */
  get(deviceId: string): object {
    const device = this.#deviceOf(deviceId);
    return serviceTwinDocument(this.#twins.of(device), device);
  }

  /** Durable when it returns. What the device does not get now it gets with its next full twin. */
  change(deviceId: string, kind: 'patch' | 'replace', change: TwinChange, etag: string | undefined): object {
    const device = this.#deviceOf(deviceId);
    const { twin, push } = this.#twins.change(device, kind, change, etag);
    const link = this.#links.of(deviceId);
    if (push && link?.subscriptions.has('desired')) {
      const { version } = twin.desired;
      this.#links.send(link, hubTopics.desired(version), JSON.stringify(desiredPush(push, version)));
    }
    return serviceTwinDocument(twin, device);
  }

  #deviceOf(deviceId: string): DeviceRecord {
    const device = this.#registry.device(deviceId);
    if (!device) throw new HubError('DEVICE_NOT_FOUND', 'no device with this id is registered');
    return device;
  }
}
