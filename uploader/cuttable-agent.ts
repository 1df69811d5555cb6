import { Agent, type RequestOptions } from 'node:https';
import { connect, type Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';

/**
 * Connections to one HTTPS server that can be cut in the middle of a request so that no further byte leaves: a TCP
 * reset, which also throws away what the kernel still holds. Node resets plain TCP sockets only, so the TLS
 * connections are built on sockets of our own.
 */
export class CuttableAgent {
  readonly agent: Agent;
  readonly #connections = new Map<Socket, TLSSocket>();
  #isCut = false;

  /** `stallMs`: a connection on which no read or finished write happens for so long is cut. */
  constructor(options: { readonly caPem: string | undefined; readonly stallMs: number }) {
    const { caPem, stallMs } = options;
    this.agent = new Agent({
      keepAlive: true,
      minVersion: 'TLSv1.2',
      ...(caPem === undefined ? {} : { ca: caPem }),
    });
    const secure = this.agent.createConnection.bind(this.agent);
    this.agent.createConnection = (target: RequestOptions, callback) => {
      // A request that had not reached its connection when it was cut must not open one afterwards.
      if (this.#isCut) throw Object.assign(new Error('cut before it was connected'), { code: 'ECONNRESET' });
      const port = Number(target.port ?? 443);
      const socket = connect({ host: target.host ?? 'localhost', port, noDelay: true });
      // `tls.connect` takes the socket; the type of the agent's method does not know that.
      const connection = secure({ ...target, socket } as RequestOptions, callback) as TLSSocket;
      this.#keep(socket, connection);
      connection.setTimeout(stallMs);
      return connection;
    };
    const reuse = this.agent.reuseSocket.bind(this.agent);
    this.agent.reuseSocket = (connection, request) => {
      reuse(connection, request);
      // Node switches a connection's timer off when it keeps it for the next request, and leaves it off.
      (connection as TLSSocket).setTimeout(stallMs);
    };
  }

  /** Resets every connection and lets no new one begin until `resume`. Requests fail. */
  cut(): void {
    this.#isCut = true;
    for (const [socket, connection] of this.#connections) reset(socket, connection);
  }

  /** Requests from now on may connect again. */
  resume(): void {
    this.#isCut = false;
  }

  /** Ends idle connections and whatever is left. */
  close(): void {
    this.cut();
    this.agent.destroy();
  }

  #keep(socket: Socket, connection: TLSSocket): void {
    this.#connections.set(socket, connection);
    connection.on('timeout', () => {
      reset(socket, connection);
      // What broke the silent one most likely broke those that idle, and the next request would wait for one of them.
      for (const idle of Object.values(this.agent.freeSockets).flat()) idle?.destroy();
    });
    // The request hears of it through the TLS connection.
    socket.on('error', () => {});
    socket.once('close', () => this.#connections.delete(socket));
  }
}

function reset(socket: Socket, connection: TLSSocket): void {
  // A socket that is still connecting would be reset only once it is connected.
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
  // At once, so that the request sees one error and not a second one from its cancelled write.
  connection.destroy();
}
