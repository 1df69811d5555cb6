import { Agent, type RequestOptions } from 'node:https';
import type { Socket } from 'node:net';
import type { TLSSocket } from 'node:tls';
import type { WayBack } from './way-back.ts';

/** A connection that is silent for so long, while something is on its way, may have lost its line: that is looked at. */
const quietMs = 2_000;

export interface AgentOptions {
  /** The one server, with `:port` where it is not 443. */
  readonly hostName: string;
  readonly caPem: string | undefined;
  readonly way: WayBack;
  /** A connection on which no read or finished write happens for so long is cut. */
  readonly stallMs: number;
}

/**
 * Connections to one HTTPS server that can be cut in the middle of a request so that no further byte leaves: a TCP
 * reset, which also throws away what the kernel still holds. Node resets plain TCP sockets only, so the TLS
 * connections are built on sockets of our own.
 *
 * A line that swallows packets tells nobody. So a connection that falls silent has the way looked at; if that was gone
 * and is there again, the silent connections are reset, long before the kernel would have tried them again.
 */
export class CuttableAgent {
  readonly agent: Agent;
  readonly #options: AgentOptions;
  readonly #connections = new Map<Socket, TLSSocket>();
  readonly #quiet = new Set<TLSSocket>();
  #dialling = new AbortController();
  #isCut = false;

  constructor(options: AgentOptions) {
    const { caPem } = options;
    this.#options = options;
    this.agent = new Agent({
      keepAlive: true,
      minVersion: 'TLSv1.2',
      ...(caPem === undefined ? {} : { ca: caPem }),
    });
    const secure = this.agent.createConnection.bind(this.agent);
    this.agent.createConnection = (target: RequestOptions, callback) => {
      // `tls.connect` takes the socket; the type of the agent's method does not know that.
      this.#connect((socket) => secure({ ...target, socket } as RequestOptions) as TLSSocket).then(
        (connection) => callback?.(null, connection),
        (error: Error) => callback?.(error, undefined as never),
      );
      return undefined;
    };
    const reuse = this.agent.reuseSocket.bind(this.agent);
    this.agent.reuseSocket = (connection, request) => {
      reuse(connection, request);
      // Node switches a connection's timer off when it keeps it for the next request, and leaves it off.
      this.#time(connection as TLSSocket);
    };
  }

  /** Resets every connection and lets no new one begin until `resume`. Requests fail. */
  cut(): void {
    this.#isCut = true;
    this.#dialling.abort(broken('cut while it was being connected'));
    for (const [socket, connection] of this.#connections) reset(socket, connection);
  }

  /** Requests from now on may connect again. */
  resume(): void {
    if (!this.#isCut) return;
    this.#isCut = false;
    this.#dialling = new AbortController();
  }

  /** Ends idle connections and whatever is left. */
  close(): void {
    this.cut();
    this.agent.destroy();
  }

  /** The connection that a look has made, or a new one. */
  async #connect(secure: (socket: Socket) => TLSSocket): Promise<TLSSocket> {
    const { way, hostName, stallMs } = this.#options;
    // A request that had not reached its connection when it was cut must not open one afterwards.
    if (this.#isCut) throw broken('cut before it was connected');
    const ready = way.take(hostName);
    if (ready) return this.#keep(ready.socket, ready.secure);
    const dialling = new AbortController();
    const timer = setTimeout(() => dialling.abort(broken('no answer')), stallMs);
    try {
      const socket = await way.dial(hostName, AbortSignal.any([dialling.signal, this.#dialling.signal]));
      if (this.#isCut) {
        socket.destroy();
        throw broken('cut while it was being connected');
      }
      return this.#keep(socket, secure(socket));
    } finally {
      clearTimeout(timer);
    }
  }

  #keep(socket: Socket, connection: TLSSocket): TLSSocket {
    this.#connections.set(socket, connection);
    this.#time(connection);
    connection.on('timeout', () => this.#onSilence(socket, connection));
    // The request hears of it through the TLS connection.
    socket.on('error', () => {});
    socket.once('close', () => {
      this.#connections.delete(socket);
      this.#quiet.delete(connection);
    });
    return connection;
  }

  /** From now on silence is noticed. */
  #time(connection: TLSSocket): void {
    this.#quiet.delete(connection);
    connection.setTimeout(Math.min(quietMs, this.#options.stallMs));
  }

  #onSilence(socket: Socket, connection: TLSSocket): void {
    const { way, hostName, stallMs } = this.#options;
    if (stallMs > quietMs && !this.#quiet.has(connection)) {
      this.#quiet.add(connection);
      connection.setTimeout(stallMs - quietMs);
      void way.seek(hostName).then((isBack) => isBack && this.#resetQuiet());
      return;
    }
    reset(socket, connection);
    // What broke the silent one most likely broke those that idle, and the next request would wait for one of them.
    for (const idle of Object.values(this.agent.freeSockets).flat()) idle?.destroy();
  }

  #resetQuiet(): void {
    for (const [socket, connection] of this.#connections) if (this.#quiet.has(connection)) reset(socket, connection);
  }
}

function broken(what: string): Error {
  return Object.assign(new Error(what), { code: 'ECONNRESET' });
}

function reset(socket: Socket, connection: TLSSocket): void {
  // A socket that is still connecting would be reset only once it is connected.
  if (socket.connecting) socket.destroy();
  else socket.resetAndDestroy();
  // At once, so that the request sees one error and not a second one from its cancelled write.
  connection.destroy();
}
