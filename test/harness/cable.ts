import { connect, createServer, type Server, type Socket } from 'node:net';

/** What one direction of a connection may carry per second, and what came through so far. */
export interface CableOptions {
  readonly listenPort: number;
  readonly targetPort: number;
  /** Both directions of all connections together; undefined = as fast as it goes. */
  readonly bytesPerSecond?: number;
  /** Called with every piece from the client, before it goes on: for capture. */
  readonly onClientData?: (piece: Buffer, connection: object) => void;
}

/** A TCP proxy on the loopback interface with a bandwidth ceiling, counters and a plug that can be pulled. */
export class Cable {
  readonly #options: CableOptions;
  readonly #server: Server;
  readonly #sockets = new Set<Socket>();
  #pulled = false;
  #readyAtMs = 0;
  clientBytes = 0;
  serverBytes = 0;

  constructor(options: CableOptions) {
    this.#options = options;
    this.#server = createServer((client) => this.#serve(client));
  }

  async start(): Promise<this> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(this.#options.listenPort, '127.0.0.1', resolve);
    });
    return this;
  }

  async stop(): Promise<void> {
    this.cut();
    await new Promise((resolve) => this.#server.close(resolve));
  }

  /** Resets every connection; new ones are let through. */
  cut(): void {
    for (const socket of this.#sockets) socket.resetAndDestroy();
  }

  /** Resets every connection and refuses new ones until `plug`. */
  pull(): void {
    this.#pulled = true;
    this.cut();
  }

  plug(): void {
    this.#pulled = false;
  }

  #serve(client: Socket): void {
    if (this.#pulled) {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#options.targetPort, '127.0.0.1');
    for (const socket of [client, server]) {
      this.#sockets.add(socket);
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => {
        this.#sockets.delete(socket);
        client.destroy();
        server.destroy();
      });
    }
    this.#pump(client, server, (piece) => {
      this.clientBytes += piece.length;
      this.#options.onClientData?.(piece, client);
    });
    this.#pump(server, client, (piece) => {
      this.serverBytes += piece.length;
    });
  }

  #pump(from: Socket, to: Socket, count: (piece: Buffer) => void): void {
    from.on('end', () => to.end());
    from.on('data', (piece: Buffer) => {
      count(piece);
      const waitMs = this.#reserve(piece.length);
      const accepted = to.write(piece);
      if (waitMs <= 1 && accepted) return;
      from.pause();
      const drained = accepted
        ? Promise.resolve()
        : new Promise((resolve) => to.once('drain', resolve).once('close', resolve));
      setTimeout(() => void drained.then(() => from.resume()), waitMs);
    });
  }

  /** Books the time that so many bytes take at the ceiling; returns how long to wait for it. */
  #reserve(bytes: number): number {
    const { bytesPerSecond } = this.#options;
    if (bytesPerSecond === undefined) return 0;
    const nowMs = performance.now();
    this.#readyAtMs = Math.max(nowMs, this.#readyAtMs) + (bytes / bytesPerSecond) * 1000;
    return this.#readyAtMs - nowMs;
  }
}
