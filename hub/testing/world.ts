import { randomBytes } from 'node:crypto';
import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import type { z } from 'zod';
import { systemClock } from '../../core/clock.ts';
import { type Log, openLog, silentLog } from '../../core/log.ts';
import { Hub } from '../hub.ts';
import { openRegistry } from '../registry/registry.ts';
import { type HubSettings, hubSettingsSchema } from '../settings.ts';
import { type Credential, TestAuthority } from './certificates.ts';

type LimitsInput = NonNullable<z.input<typeof hubSettingsSchema>['limits']>;

/** A hub with its own certificates in a folder of its own, for tests. The hub's name is not the address it is at. */
export class World {
  readonly folder: string;
  readonly authority: TestAuthority;
  readonly server: Credential;
  readonly settings: HubSettings;
  readonly log: Log;
  hub: Hub;
  /** Where the hub listens: this one, or one that a test runs as a process of its own. */
  ports = { mqttPort: 0, httpsPort: 0 };

  private static readonly host = 'hub.test';

  static async make(options: { readonly limits?: LimitsInput; readonly logFile?: boolean } = {}): Promise<World> {
    const folder = await mkdtemp(join(tmpdir(), 'vestibule-hub-'));
    const authority = await TestAuthority.make(folder, 'operational');
    const server = await authority.issue({
      commonName: World.host,
      names: `DNS:${World.host},DNS:localhost,IP:127.0.0.1`,
      usage: 'serverAuth',
    });
    const settings = hubSettingsSchema.parse({
      hostName: World.host,
      mqttPort: 0,
      httpsPort: 0,
      advertised: { host: 'localhost', mqttPort: 0, httpsPort: 0 },
      tls: server,
      deviceCaPem: authority.certPem,
      idScope: '0ne00000001',
      serviceKey: randomBytes(32).toString('base64'),
      storageAccount: { name: 'vestibule', key: randomBytes(64).toString('base64') },
      limits: options.limits ?? {},
    });
    const log = options.logFile ? openLog({ file: join(folder, 'hub.log') }, { countsRepeats: false }) : silentLog;
    return new World({ folder, authority, server, settings, log });
  }

  constructor(parts: {
    readonly folder: string;
    readonly authority: TestAuthority;
    readonly server: Credential;
    readonly settings: HubSettings;
    readonly log: Log;
  }) {
    this.folder = parts.folder;
    this.authority = parts.authority;
    this.server = parts.server;
    this.settings = parts.settings;
    this.log = parts.log;
    this.hub = this.#newHub();
  }

  get hubFolder(): string {
    return join(this.folder, 'hub');
  }

  get logPath(): string {
    return join(this.folder, 'hub.log');
  }

  async start(): Promise<this> {
    await this.hub.start(new AbortController().signal);
    this.ports = { mqttPort: this.hub.mqttPort, httpsPort: this.hub.httpsPort };
    return this;
  }

  /** Stops the hub and starts another on the same folder, on other ports unless they are given. */
  async restart(ports: { readonly mqttPort: number; readonly httpsPort: number } | object = {}): Promise<void> {
    await this.hub.stop();
    this.hub = this.#newHub(ports);
    await this.start();
  }

  async close(): Promise<void> {
    await this.hub.stop();
    await rm(this.folder, { recursive: true, force: true });
  }

  /** A device that is registered and holds a certificate. */
  async device(deviceId: string): Promise<Credential> {
    const registry = await openRegistry(this.hubFolder);
    if (!registry.device(deviceId)) registry.createDevice(deviceId);
    registry.close();
    return this.authority.issue({ commonName: deviceId });
  }

  #newHub(ports = {}): Hub {
    const settings = { ...this.settings, ...ports };
    return new Hub({ clock: systemClock, log: this.log, folder: this.hubFolder, settings });
  }
}
