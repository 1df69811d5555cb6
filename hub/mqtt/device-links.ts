import type { Client } from 'aedes';
import type { Clock } from '../../core/clock.ts';
import type { DeviceSubscription } from './topics.ts';

/** One open connection of a device. */
export interface DeviceLink {
  readonly deviceId: string;
  readonly client: Client;
  /** What it is subscribed to, restored from its last session or asked for in this one. */
  readonly subscriptions: Set<DeviceSubscription>;
  /** Monotonic. When its last packet came, and when the registry was last told. */
  lastSeenMs: number;
  notedSeenMs: number;
}

/** The devices that are connected now: one link each, the newest. */
export class DeviceLinks {
  readonly #clock: Clock;
  readonly #links = new Map<string, DeviceLink>();
  readonly #changes = new Set<() => void>();

  constructor(clock: Clock) {
    this.#clock = clock;
  }

  get all(): readonly DeviceLink[] {
    return [...this.#links.values()];
  }

  of(deviceId: string): DeviceLink | undefined {
    return this.#links.get(deviceId);
  }

  /** Takes a new connection in; an older one of the same device is closed. */
  add(link: DeviceLink): void {
    const older = this.#links.get(link.deviceId);
    this.#links.set(link.deviceId, link);
    if (older && older.client !== link.client) older.client.close();
    this.noteChange();
  }

  /** Forgets a connection that has closed; false when a newer one has taken its place. */
  remove(link: DeviceLink): boolean {
    if (this.#links.get(link.deviceId) !== link) return false;
    this.#links.delete(link.deviceId);
    return true;
  }

  /** Closes a device's connection, if it has one. */
  close(deviceId: string): void {
    this.#links.get(deviceId)?.client.close();
  }

  /** Wakes those who wait for a device or for a subscription. */
  noteChange(): void {
    for (const changed of this.#changes) changed();
  }

  /** Waits up to `waitMs` until the device is connected and subscribed; undefined when it is not by then. */
  async ready(
    deviceId: string,
    subscription: DeviceSubscription,
    waitMs: number,
    signal: AbortSignal,
  ): Promise<DeviceLink | undefined> {
    const deadline = this.#clock.monotonicMs() + waitMs;
    for (;;) {
      const link = this.#links.get(deviceId);
      if (link?.subscriptions.has(subscription)) return link;
      const leftMs = deadline - this.#clock.monotonicMs();
      if (leftMs <= 0 || signal.aborted) return undefined;
      await this.#change(leftMs, signal);
    }
  }

  /** Sends one message to the device's open connection, QoS 0, whatever it is subscribed to. */
  send(link: DeviceLink, topic: string, body: string): void {
    sendTo(link.client, topic, body);
  }

  async #change(withinMs: number, signal: AbortSignal): Promise<void> {
    const over = new AbortController();
    const { promise, resolve } = Promise.withResolvers<void>();
    this.#changes.add(resolve);
    const patience = this.#clock.sleep(withinMs, AbortSignal.any([signal, over.signal])).catch(() => {});
    try {
      await Promise.race([promise, patience]);
    } finally {
      this.#changes.delete(resolve);
      over.abort();
    }
  }
}

/** Unicast to one connection; a connection that is closing swallows it, as QoS 0 allows. */
export function sendTo(client: Client, topic: string, body: string): void {
  if (client.closed) return;
  client.publish({ cmd: 'publish', topic, payload: Buffer.from(body), qos: 0, retain: false, dup: false }, () => {});
}
