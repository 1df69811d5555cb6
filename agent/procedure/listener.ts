import { readFileSync } from 'node:fs';
import { BlockList, createServer, isIPv6, type Server, type Socket } from 'node:net';
import { createServer as createTlsServer } from 'node:tls';
import type { Clock } from '../../core/clock.ts';
import { describe, type Log } from '../../core/log.ts';
import type { SourceName } from '../../protocol/control.ts';
import type { EventEvidence } from './event-evidence.ts';
import type { EvidenceSource, Statement } from './evidence.ts';

/** Where one inbound port listens, and for whom: all of it named by the site's file. */
export interface ListenerSettings {
  readonly address: string;
  readonly port: number;
  /** Addresses or networks (`10.1.2.0/24`) that may connect; everybody else is cut off before a byte is read. */
  readonly peers: readonly string[];
  readonly tls?: { readonly certificate: string; readonly key: string; readonly ca?: string };
}

interface Deps {
  readonly settings: ListenerSettings;
  readonly clock: Clock;
  readonly log: Log;
  readonly name: SourceName;
  /** What was heard; whoever serves adds to it. */
  readonly evidence: EventEvidence;
  readonly serve: (socket: Socket) => void;
  /** It began to listen. */
  readonly onChange: () => void;
}

const mostConnections = 16;
const retryMs = 30_000;

/**
 * Evidence that comes over one inbound port. It tries again while it cannot listen; who is not named is cut off;
 * connections are few.
 */
export class Listener implements EvidenceSource {
  readonly name: SourceName;
  readonly #deps: Deps;
  readonly #peers: BlockList;
  readonly #sockets = new Set<Socket>();
  readonly #stop = new AbortController();
  #server: Server | undefined;
  #isListening = false;

  constructor(deps: Deps) {
    this.#deps = deps;
    this.name = deps.name;
    this.#peers = peerList(deps.settings.peers);
  }

  /** The port that it really has; 0 while it does not listen. */
  get port(): number {
    const address = this.#server?.address();
    return typeof address === 'object' && address !== null ? address.port : 0;
  }

  async start(): Promise<void> {
    if (await this.#listen()) return;
    void this.#keepTrying();
  }

  async stop(): Promise<void> {
    this.#stop.abort();
    for (const socket of this.#sockets) socket.destroy();
    const server = this.#server;
    if (server?.listening) await new Promise<void>((resolve) => server.close(() => resolve()));
  }

  /** What was heard. One that nobody can reach does not know that the room is still free. */
  statements(): readonly Statement[] {
    const { name, evidence, clock } = this.#deps;
    const said = evidence.statements;
    if (this.#isListening) return said;
    const sinceMs = clock.monotonicMs();
    const silent = { source: name, key: 'fault', says: 'nothing', sinceMs, what: `${name} cannot listen.` } as const;
    return [...said.filter(({ says }) => says !== 'free'), silent];
  }

  async #keepTrying(): Promise<void> {
    const { clock } = this.#deps;
    try {
      do await clock.sleep(retryMs, this.#stop.signal);
      while (!(await this.#listen()));
    } catch {
      // Stopped.
    }
  }

  async #listen(): Promise<boolean> {
    const { settings, log, name, onChange } = this.#deps;
    try {
      const server = this.#create();
      this.#server = server;
      const { promise, resolve, reject } = Promise.withResolvers<void>();
      server.once('error', reject);
      server.listen(settings.port, settings.address, resolve);
      await promise;
      server.on('error', (error) => log.error({ source: name, error: describe(error) }, 'listener failed'));
      this.#isListening = true;
      log.info({ source: name, port: this.port }, 'listening');
      onChange();
      return true;
    } catch (error) {
      log.error({ source: name, error: describe(error) }, 'cannot listen, will try again');
      return false;
    }
  }

  #create(): Server {
    const { settings, serve } = this.#deps;
    const { tls } = settings;
    const take = (socket: Socket) => {
      socket.on('error', () => socket.destroy());
      if (!socket.destroyed) serve(socket);
    };
    const server = tls ? createTlsServer(tlsOptions(tls), take) : createServer();
    server.on('connection', (socket: Socket) => {
      this.#admit(socket);
      if (!tls) take(socket);
    });
    server.on('tlsClientError', (_error, socket: Socket) => socket.destroy());
    return server;
  }

  /** Before the handshake too: a stranger, or one too many, gets nothing to talk to; and `stop` ends whoever is silent. */
  #admit(socket: Socket): void {
    if (!this.#mayTalk(socket) || this.#sockets.size >= mostConnections) {
      socket.destroy();
      return;
    }
    this.#sockets.add(socket);
    socket.on('close', () => this.#sockets.delete(socket));
  }

  #mayTalk({ remoteAddress = '' }: Socket): boolean {
    const address = remoteAddress.replace(/^::ffff:/, '');
    return address !== '' && this.#peers.check(address, isIPv6(address) ? 'ipv6' : 'ipv4');
  }
}

function tlsOptions({ certificate, key, ca }: NonNullable<ListenerSettings['tls']>) {
  return {
    cert: readFileSync(certificate),
    key: readFileSync(key),
    minVersion: 'TLSv1.2' as const,
    ...(ca === undefined ? {} : { ca: readFileSync(ca), requestCert: true, rejectUnauthorized: true }),
  };
}

function peerList(peers: readonly string[]): BlockList {
  const list = new BlockList();
  for (const peer of peers) {
    const [address = '', prefix] = peer.split('/');
    const family = isIPv6(address) ? 'ipv6' : 'ipv4';
    if (prefix === undefined) list.addAddress(address, family);
    else list.addSubnet(address, Number(prefix), family);
  }
  return list;
}
