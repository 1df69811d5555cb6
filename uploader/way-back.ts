import type { Socket } from 'node:net';
import { Addresses } from '../core/addresses.ts';
import type { Clock } from '../core/clock.ts';
import { dial } from '../core/dial.ts';
import type { Gate } from '../core/gate.ts';
import { type Connection, type FoundWay, pauseBetweenLooks, seekWay } from '../core/way.ts';
import { gated } from './gated.ts';

/** A connection that was found and not used for so long is given up. */
const keptMs = 5_000;

export interface WayBackDeps {
  readonly clock: Clock;
  readonly gate: Gate;
  /** CA certificates (PEM) of the blob endpoints; Node's own when undefined. */
  readonly caPem: string | undefined;
}

interface Seek {
  readonly sinceMs: number;
  readonly isBack: Promise<boolean>;
}

/** A connection that a look has made and nobody has used. */
interface Ready extends Connection {
  readonly wasAway: boolean;
}

/**
 * The way to blob endpoints, by their host names (with `:port` where it is not 443): connections over lines that swallow
 * packets, and, while there is no way, looks for it behind the gate. What a look brings is a connection that is ready for
 * the next request. Nothing runs here unless somebody asked for it.
 */
export class WayBack {
  readonly #deps: WayBackDeps;
  readonly #addresses: Addresses;
  readonly #stop = new AbortController();
  readonly #seeks = new Map<string, Seek>();
  readonly #ready = new Map<string, Ready>();

  constructor(deps: WayBackDeps) {
    this.#deps = deps;
    this.#addresses = new Addresses(deps.clock);
  }

  /** Looks until there is a way. True when there was none before; false too when this was stopped. Never rejects. */
  seek(hostName: string): Promise<boolean> {
    const going = this.#seeks.get(hostName);
    if (going) return going.isBack;
    const ready = this.#ready.get(hostName);
    if (ready) return Promise.resolve(ready.wasAway);
    const sinceMs = this.#deps.clock.monotonicMs();
    const isBack = this.#look(hostName, sinceMs)
      .catch(() => false)
      .finally(() => this.#seeks.delete(hostName));
    this.#seeks.set(hostName, { sinceMs, isBack });
    return isBack;
  }

  /** A TCP connection. Rejects at the first no. */
  dial(hostName: string, signal: AbortSignal): Promise<Socket> {
    const { clock } = this.#deps;
    const startedMs = this.#seeks.get(hostName)?.sinceMs ?? clock.monotonicMs();
    const pauseMs = () => pauseBetweenLooks(clock.monotonicMs() - startedMs);
    return dial({ target: this.#target(hostName), clock, pauseMs }, signal);
  }

  /** The connection that was found, for one who uses it. */
  take(hostName: string): Connection | undefined {
    const ready = this.#ready.get(hostName);
    this.#ready.delete(hostName);
    ready?.secure.setTimeout(0).removeAllListeners('timeout');
    return ready?.secure.destroyed ? undefined : ready;
  }

  /** Ends all looks, and the connections that nobody took. */
  stop(): void {
    this.#stop.abort(new Error('stopping'));
    for (const hostName of [...this.#ready.keys()]) this.#drop(hostName);
  }

  async #look(hostName: string, sinceMs: number): Promise<boolean> {
    const { gate, clock, caPem } = this.#deps;
    const { signal } = this.#stop;
    let looking = new AbortController();
    // Remembered over pauses, of which each begins to look anew.
    let hadNone = false;
    const onAway = () => {
      hadNone = true;
    };
    const cut = () => looking.abort(new Error('the gate closed'));
    const found = await gated({ gate, name: 'upload', signal, cut }, (): Promise<FoundWay> => {
      looking = new AbortController();
      const order = { target: this.#target(hostName), caPem, clock, sinceMs, onAway };
      return seekWay(order, AbortSignal.any([signal, looking.signal]));
    });
    const wasAway = hadNone || found.wasAway;
    if (found.connection) this.#keep(hostName, { ...found.connection, wasAway });
    return wasAway;
  }

  #keep(hostName: string, connection: Ready): void {
    this.#drop(hostName);
    const { secure } = connection;
    this.#ready.set(hostName, connection);
    const drop = () => this.#ready.get(hostName) === connection && this.#drop(hostName);
    secure.setTimeout(keptMs, drop);
    secure.once('close', drop);
    this.#deps.gate.whileOpen.addEventListener('abort', drop, { once: true });
  }

  #drop(hostName: string): void {
    const ready = this.#ready.get(hostName);
    this.#ready.delete(hostName);
    ready?.socket.resetAndDestroy();
  }

  #target(hostName: string) {
    const { hostname: host, port } = new URL(`https://${hostName}`);
    return { host: host.replace(/^\[|\]$/g, ''), port: Number(port || 443), lookup: this.#addresses.lookup };
  }
}
