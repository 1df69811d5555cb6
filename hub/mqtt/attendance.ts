import type { Client } from 'aedes';
import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import type { DeviceCertificate } from '../identity/certificate.ts';
import type { Registry } from '../registry/registry.ts';
import type { DeviceLink, DeviceLinks } from './device-links.ts';

/** A device's last activity is written at most this often while it stays connected. */
const noteSeenEveryMs = 60_000;

/** Keeps the registry's picture of who is connected. It is a picture only: a failure to draw it closes nothing. */
export class Attendance {
  readonly #clock: Clock;
  readonly #log: Log;
  readonly #links: DeviceLinks;
  readonly #registry: Registry;

  constructor(deps: {
    readonly clock: Clock;
    readonly log: Log;
    readonly links: DeviceLinks;
    readonly registry: Registry;
  }) {
    this.#clock = deps.clock;
    this.#log = deps.log;
    this.#links = deps.links;
    this.#registry = deps.registry;
  }

  /** A device's connection, admitted but not yet among the open ones. */
  linkOf(deviceId: string, client: Client): DeviceLink {
    const now = this.#clock.monotonicMs();
    return { deviceId, client, subscriptions: new Set(), lastSeenMs: now, notedSeenMs: now };
  }

  arrived(link: DeviceLink, certificate: DeviceCertificate): void {
    if (link.client.closed) return;
    this.#links.add(link);
    this.#draw(() => this.#registry.noteConnected(link.deviceId, certificate));
    this.#log.info({ event: 'device-connected', device: link.deviceId });
  }

  left(link: DeviceLink): void {
    if (!this.#links.remove(link)) return;
    const agoMs = this.#clock.monotonicMs() - link.lastSeenMs;
    const lastSeenAt = new Date(this.#clock.now().getTime() - agoMs);
    this.#draw(() => this.#registry.noteDisconnected(link.deviceId, lastSeenAt));
    this.#log.info({ event: 'device-disconnected', device: link.deviceId });
  }

  /** The hub stops: whoever is still here has left. */
  everyoneLeft(): void {
    for (const link of this.#links.all) this.left(link);
  }

  seen(link: DeviceLink): void {
    link.lastSeenMs = this.#clock.monotonicMs();
    if (link.lastSeenMs - link.notedSeenMs < noteSeenEveryMs) return;
    link.notedSeenMs = link.lastSeenMs;
    this.#draw(() => this.#registry.noteSeen(link.deviceId, this.#clock.now()));
  }

  /** Closes the connections of devices that may no longer have one. */
  enforce(): void {
    for (const link of this.#links.all) {
      if (this.#registry.mayConnect(link.deviceId)) continue;
      this.#log.warn({ event: 'connection-closed', reason: 'unknown-or-disabled-device', device: link.deviceId });
      link.client.close();
    }
  }

  #draw(write: () => void): void {
    try {
      write();
    } catch (error) {
      this.#log.error({ event: 'attendance-not-written', ...describe(error) });
    }
  }
}
