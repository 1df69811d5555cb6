import { type AddressInfo, connect, createServer, type Server, type Socket } from 'node:net';

/** What one direction of a connection may carry per second, and what came through so far. */
export interface CableOptions {
  /** 0: any that is free; `port` says which. */
  readonly listenPort: number;
  readonly targetPort: number;
  /** Both directions of all connections together; undefined = as fast as it goes. */
  readonly bytesPerSecond?: number;
  /** Every piece is late by so much, and by up to so much more; their order stays. */
  readonly delay?: { readonly ms: number; readonly jitterMs: number };
  /** Called with every piece from the client, before it goes on: for capture. */
  readonly onClientData?: (piece: Buffer, connection: object) => void;
}

/**
 * - `plugged`: everything passes
 * - `pulled`: connections are reset, new ones too once they are made
 * - `swallowing`: connections stay, new ones are taken, and not a byte comes through
 */
type CableState = 'plugged' | 'pulled' | 'swallowing';

type Direction = 'client' | 'server';

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
  #port = 0;
  /** Connections that were taken, also those that were reset at once. */
  taken = 0;
  clientBytes = 0;
  serverBytes = 0;
  /** How often `cutAfter` has cut. */
  cuts = 0;
  #cutAt: { readonly direction: Direction; readonly total: number } | undefined;

  constructor(options: CableOptions) {
    this.#options = options;
    this.#server = createServer((client) => this.#serve(client));
  }

  get port(): number {
    return this.#port;
  }

  async start(): Promise<this> {
    await this.#listen(this.#options.listenPort);
    this.#port = (this.#server.address() as AddressInfo).port;
    return this;
  }

  async #listen(port: number): Promise<void> {
    await new Promise<void>((resolve, reject) => {
      this.#server.once('error', reject);
      this.#server.listen(port, '127.0.0.1', () => {
        this.#server.off('error', reject);
        resolve();
      });
    });
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

  /** Cuts once `bytes` more have come through in that direction, in the middle of a piece where need be. */
  cutAfter(direction: Direction, bytes: number): void {
    const passed = direction === 'client' ? this.clientBytes : this.serverBytes;
    this.#cutAt = { direction, total: passed + bytes };
  }

  /** Resets every connection, and until `plug` new ones too, once they are made: as a box in the middle does. */
  pull(): void {
    this.#state = 'pulled';
    this.cut();
  }

  /** Resets every connection and listens no more until `rise`: new ones are refused. */
  async sink(): Promise<void> {
    const closed = new Promise((resolve) => this.#server.close(resolve));
    this.cut();
    await closed;
  }

  /** Listens again, where it did. */
  async rise(): Promise<void> {
    await this.#listen(this.#port);
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
    this.taken += 1;
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
      if (!this.#options.delay) socket.on('close', () => this.#closed(pair));
    }
    this.#pump(pair, 'client', (piece) => {
      this.clientBytes += piece.length;
      this.#options.onClientData?.(piece, client);
    });
    this.#pump(pair, 'server', (piece) => {
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

  /** What came before the end is still on its way to the other side. */
  #closedLate(pair: Pair, other: Socket): void {
    if (!pair.lost) other.end();
    if (pair.client.destroyed && pair.server.destroyed) this.#pairs.delete(pair);
  }

  #pump(pair: Pair, direction: Direction, count: (piece: Buffer) => void): void {
    const [from, to] = direction === 'client' ? [pair.client, pair.server] : [pair.server, pair.client];
    const late = new Late(this.#options.delay);
    from.on('end', () => {
      late.run(() => void (!pair.lost && to.end()));
    });
    if (this.#options.delay) from.on('close', () => late.run(() => this.#closedLate(pair, to)));
    from.on('data', (arrived: Buffer) => {
      if (pair.lost) return;
      const piece = this.#upToCut(direction, arrived);
      count(piece);
      if (piece.length < arrived.length) {
        to.write(piece, () => this.cut());
        this.cuts += 1;
        this.#cutAt = undefined;
        for (const each of this.#pairs) each.lost = true;
        return;
      }
      const waitMs = this.#reserve(piece.length);
      if (this.#options.delay) {
        late.run(() => void (!pair.lost && to.write(piece)));
        return;
      }
      const accepted = to.write(piece);
      if (waitMs <= 1 && accepted) return;
      from.pause();
      const drained = accepted ? Promise.resolve() : drainOf(to);
      setTimeout(() => void drained.then(() => from.resume()), waitMs);
    });
  }

  /** As much of what arrived as still comes through. */
  #upToCut(direction: Direction, arrived: Buffer): Buffer {
    if (this.#cutAt?.direction !== direction) return arrived;
    const passed = direction === 'client' ? this.clientBytes : this.serverBytes;
    return arrived.subarray(0, Math.max(0, this.#cutAt.total - passed));
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

/** Steps that happen later, in the order in which they were asked for. */
class Late {
  readonly #delay: CableOptions['delay'];
  readonly #steps: (() => void)[] = [];
  #lastAtMs = 0;

  constructor(delay: CableOptions['delay']) {
    this.#delay = delay;
  }

  run(step: () => void): void {
    if (!this.#delay) {
      step();
      return;
    }
    const { ms, jitterMs } = this.#delay;
    const nowMs = performance.now();
    this.#lastAtMs = Math.max(this.#lastAtMs, nowMs + ms + Math.random() * jitterMs);
    this.#steps.push(step);
    // Timers of a millisecond's grain may overtake each other; the steps must not.
    setTimeout(() => this.#steps.shift()?.(), this.#lastAtMs - nowMs);
  }
}

/** Resolves when a socket takes more, or never will. */
function drainOf(socket: Socket): Promise<void> {
  return new Promise((resolve) => {
    const done = () => {
      socket.off('drain', done).off('close', done);
      resolve();
    };
    socket.on('drain', done).on('close', done);
  });
}
