import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import { Hub, type HubSettings, hubSettingsSchema, openRegistry } from '../../hub/index.ts';
import { HttpsClient } from '../channel/http.ts';
import { serviceToken } from '../channel/service-token.ts';
import { type Credential, TestAuthority } from './authority.ts';

/** The real hub with certificates of its own in a folder of its own. */
export class HubWorld {
  readonly folder: string;
  readonly authority: TestAuthority;
  readonly settings: HubSettings;
  hub: Hub;

  private constructor(folder: string, authority: TestAuthority, settings: HubSettings) {
    this.folder = folder;
    this.authority = authority;
    this.settings = settings;
    this.hub = this.#newHub({});
  }

  static async start(): Promise<HubWorld> {
    const folder = await mkdtemp(join(tmpdir(), 'vestibule-receiver-'));
    const authority = await TestAuthority.make('operational');
    const settings = hubSettingsSchema.parse({
      hostName: 'localhost',
      mqttPort: 0,
      httpsPort: 0,
      advertised: { host: 'localhost', mqttPort: 0, httpsPort: 0 },
      tls: await authority.issueServer(),
      deviceCaPem: authority.certPem,
      idScope: '0ne00000001',
      serviceKey: randomBytes(32).toString('base64'),
      storageAccount: { name: 'vestibule', key: randomBytes(64).toString('base64') },
    });
    const world = new HubWorld(folder, authority, settings);
    await world.#startSomewhere();
    return world;
  }

  /** On ports below those that the system hands out, so that nobody takes them while the hub is away. */
  async #startSomewhere(): Promise<void> {
    for (let tries = 1; ; tries++) {
      const mqttPort = 10_000 + Math.floor(Math.random() * 20_000);
      this.hub = this.#newHub({ mqttPort, httpsPort: mqttPort + 1 });
      try {
        return await this.hub.start(new AbortController().signal);
      } catch (error) {
        await this.hub.stop();
        if (tries === 5) throw error;
      }
    }
  }

  /** Registers a device and issues its certificate. */
  async device(deviceId: string): Promise<Credential> {
    await this.register(deviceId);
    return this.authority.issue({ commonName: deviceId });
  }

  async register(deviceId: string): Promise<void> {
    const registry = await openRegistry(join(this.folder, 'hub'));
    if (!registry.device(deviceId)) registry.createDevice(deviceId);
    registry.close();
  }

  /** Takes the hub away; `back` brings it back on the same ports and folder. */
  async away(): Promise<{ readonly back: () => Promise<void> }> {
    const { mqttPort, httpsPort } = this.hub;
    await this.hub.stop();
    return {
      back: async () => {
        this.hub = this.#newHub({ mqttPort, httpsPort });
        await this.hub.start(new AbortController().signal);
      },
    };
  }

  /** One call of the service API; the answer's JSON. */
  async service(
    method: 'GET' | 'POST' | 'PATCH',
    path: string,
    body?: unknown,
  ): Promise<{ status: number; json: unknown }> {
    const http = new HttpsClient({ host: 'localhost', port: this.hub.httpsPort, caPem: this.authority.certPem });
    const headers = { authorization: serviceToken('localhost', this.settings.serviceKey, new Date()) };
    const text = body === undefined ? {} : { body: JSON.stringify(body) };
    const signal = new AbortController().signal;
    try {
      const answer = await http.call({ method, path, headers, ...text, idleMs: 30_000, signal }, 1 << 20);
      return { status: answer.status, json: answer.body.length > 0 ? JSON.parse(answer.body.toString()) : undefined };
    } finally {
      http.close();
    }
  }

  async patchTwin(deviceId: string, patch: object): Promise<{ status: number }> {
    return this.service('PATCH', `/twins/${deviceId}?api-version=2021-04-12`, patch);
  }

  async close(): Promise<void> {
    await this.hub.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  #newHub(ports: Partial<HubSettings>): Hub {
    const settings = { ...this.settings, ...ports };
    return new Hub({ clock: systemClock, log: silentLog, folder: join(this.folder, 'hub'), settings });
  }
}

/** Waits until `probe` gives something; fails with `what` after `withinMs`. */
export async function until<T>(probe: () => T | Promise<T>, what: string, withinMs = 60_000): Promise<NonNullable<T>> {
  const end = performance.now() + withinMs;
  for (;;) {
    const found = await probe();
    if (found !== undefined && found !== null && found !== false) return found as NonNullable<T>;
    if (performance.now() > end) throw new Error(`waited ${withinMs} ms in vain for: ${what}`);
    await new Promise((resolve) => setTimeout(resolve, 20));
  }
}
