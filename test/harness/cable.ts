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

/**
 * - `plugged`: everything passes
 * - `pulled`: connections are reset, new ones refused
 * - `swallowing`: connections stay, new ones are taken, and not a byte comes through
 */
type CableState = 'plugged' | 'pulled' | 'swallowing';

/** The two ends of one connection. A lost one passes nothing any more, and neither end is told. */
interface Pair {
  readonly client: Socket;
  readonly server: Socket;
  lost: boolean;
}

/** A TCP proxy on the loopback interface with a bandwidth ceiling, counters and a plug that can be pulled. */
export class Cable {
  readonly #options: CableOptions;
  readonly #server: Server;
  readonly #pairs = new Set<Pair>();
  #state: CableState = 'plugged';
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
    for (const { client, server } of this.#pairs) {
      client.resetAndDestroy();
      server.resetAndDestroy();
    }
    this.#pairs.clear();
  }

  /** Resets every connection and refuses new ones until `plug`. */
  pull(): void {
    this.#state = 'pulled';
    this.cut();
  }

  /**
   * From now on no byte comes through and nobody is told: half-open links, as behind a firewall that lost its table.
   * `plug` lets new connections through; those that were open meanwhile stay silent for ever.
   */
  swallow(): void {
    this.#state = 'swallowing';
    for (const pair of this.#pairs) pair.lost = true;
  }

  plug(): void {
    this.#state = 'plugged';
  }

  #serve(client: Socket): void {
    if (this.#state === 'pulled') {
      client.resetAndDestroy();
      return;
    }
    const server = connect(this.#options.targetPort, '127.0.0.1');
    const pair: Pair = { client, server, lost: this.#state === 'swallowing' };
    this.#pairs.add(pair);
    for (const socket of [client, server]) {
      socket.setNoDelay(true);
      socket.on('error', () => {});
      socket.on('close', () => this.#closed(pair));
    }
    this.#pump(pair, client, server, (piece) => {
      this.clientBytes += piece.length;
      this.#options.onClientData?.(piece, client);
    });
    this.#pump(pair, server, client, (piece) => {
      this.serverBytes += piece.length;
    });
  }

  #closed(pair: Pair): void {
    if (!pair.lost) {
      pair.client.destroy();
      pair.server.destroy();
    }
    if (pair.client.destroyed && pair.server.destroyed) this.#pairs.delete(pair);
  }

  #pump(pair: Pair, from: Socket, to: Socket, count: (piece: Buffer) => void): void {
    from.on('end', () => {
      if (!pair.lost) to.end();
    });
    from.on('data', (piece: Buffer) => {
      if (pair.lost) return;
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
