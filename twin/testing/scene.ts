import { createServer, connect as netConnect, type Server, type Socket } from 'node:net';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import type { Reported } from '../../protocol/twin.ts';
import type { Credential } from '../../receiver/testing/authority.ts';
import type { HubWorld } from '../../receiver/testing/hub-world.ts';
import { HubLink, type HubLinkDeps } from '../index.ts';

export const quickLimits = { retryFirstMs: 20, retryCeilingMs: 200, reportEveryMs: 50, closeMs: 300, steadyMs: 50 };

/** A link to the hub of a world with everything filled in. */
export function linkTo(world: HubWorld, credential: Credential, more: Partial<HubLinkDeps> = {}): HubLink {
  return new HubLink({
    clock: systemClock,
    log: silentLog,
    hub: () => ({
      host: 'localhost',
      mqttPort: world.hub.mqttPort,
      httpsPort: world.hub.httpsPort,
      serverCaPem: world.authority.certPem,
    }),
    identity: () => ({ deviceId: 'dev-1', certificatePem: credential.certPem, keyPem: credential.keyPem }),
    snapshot: async () => snapshot(1),
    methods: {},
    ...more,
    limits: { ...quickLimits, ...more.limits },
  });
}

export function snapshot(sealed: number): Reported {
  return {
    v: 1,
    appliance: { version: '0.1.0', startedAt: '2026-01-01T00:00:00.000Z', bootId: 'boot' },
    gate: { state: 'idle', open: true, since: '2026-01-01T00:00:00.000Z' },
    cases: { sealed },
    disk: { freeBytes: 1, totalBytes: 2 },
    host: { memoryFreeBytes: 1, memoryTotalBytes: 2 },
    certificate: { notAfter: '2026-06-01T00:00:00.000Z', daysLeft: 90 },
  };
}

/** A wire that can go silent without breaking: packets are swallowed in both directions. */
export class Wire {
  readonly #sockets = new Set<Socket>();
  readonly #clients = new Set<Socket>();
  readonly #server: Server;
  silent = false;
  bytes = 0;

  constructor(targetPort: number) {
    this.#server = createServer((client) => {
      const hub = netConnect(targetPort, '127.0.0.1');
      this.#clients.add(client);
      client.on('close', () => this.#clients.delete(client));
      for (const [from, to] of [
        [client, hub],
        [hub, client],
      ] as const) {
        this.#sockets.add(from);
        from.on('data', (piece) => {
          this.bytes += piece.length;
          if (!this.silent) to.write(piece);
        });
        from.on('error', () => {});
        from.on('close', () => {
          this.#sockets.delete(from);
          if (!this.silent) to.destroy();
        });
      }
    });
  }

  async listen(): Promise<number> {
    await new Promise<void>((resolve) => this.#server.listen(0, '127.0.0.1', resolve));
    const address = this.#server.address();
    return typeof address === 'object' && address ? address.port : 0;
  }

  /** Connections that the device has open now. */
  get clients(): readonly Socket[] {
    return [...this.#clients];
  }

  async close(): Promise<void> {
    for (const socket of this.#sockets) socket.destroy();
    await new Promise((resolve) => this.#server.close(resolve));
  }
}
