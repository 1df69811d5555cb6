import type { AddressInfo } from 'node:net';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import type { Log } from '../../core/log.ts';
import type { Broker } from './broker.ts';
import { Connection } from './connection.ts';
import { connectTimeoutMs } from './limits.ts';

export interface MqttListenerOptions {
  readonly certPem: string;
  readonly keyPem: string;
  readonly clientCaPem: string;
  readonly maxConnections: number;
}

/** The TLS port of hub and DPS. Any certificate may shake hands; the broker decides, so that it can say why not. */
export class MqttListener {
  readonly #server: Server;
  readonly #sockets = new Set<TLSSocket>();

  constructor(options: MqttListenerOptions, broker: Broker, log: Log) {
    this.#server = createServer({
      cert: options.certPem,
      key: options.keyPem,
      ca: options.clientCaPem,
      allowPartialTrustChain: true,
      requestCert: true,
      rejectUnauthorized: false,
      minVersion: 'TLSv1.2',
      handshakeTimeout: connectTimeoutMs,
      noDelay: true,
    });
    this.#server.maxConnections = options.maxConnections;
    this.#server.on('secureConnection', (socket) => {
      this.#sockets.add(socket);
      socket.once('close', () => this.#sockets.delete(socket));
      const onOversize = () => {
        log.warn({ event: 'connection-closed', reason: 'frame-too-large', peer: socket.remoteAddress });
      };
      broker.accept(new Connection(socket, onOversize));
    });
  }

  async listen(port: number, host: string): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, host, () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
  }

  get port(): number {
    return (this.#server.address() as AddressInfo).port;
  }

  /** Stops listening and cuts what is still open. */
  async close(): Promise<void> {
    if (!this.#server.listening) return;
    const closed = new Promise<void>((resolve) => this.#server.close(() => resolve()));
    for (const socket of this.#sockets) socket.destroy();
    await closed;
  }
}
