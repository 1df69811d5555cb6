import type { LookupAddress } from 'node:dns';
import { lookup } from 'node:dns/promises';
import type { LookupFunction } from 'node:net';
import type { Clock } from './clock.ts';

/** An address that was found so long ago is used, and asked for again beside. */
const freshMs = 60_000;

type Resolve = (host: string) => Promise<readonly LookupAddress[]>;

interface Known {
  readonly addresses: readonly LookupAddress[];
  readonly atMs: number;
}

/**
 * Finds the addresses of names, for whoever asks often while the network is away. A name is asked for once at a time,
 * since each question may hold one of four threads for many seconds; and one that was known is answered at once, since
 * the name server may be slower to come back than the server that is looked for. Whoever answers there has to prove by
 * TLS that it is the right one.
 */
export class Addresses {
  readonly #clock: Clock;
  readonly #resolve: Resolve;
  readonly #known = new Map<string, Known>();
  readonly #asking = new Map<string, Promise<readonly LookupAddress[]>>();

  constructor(clock: Clock, resolve: Resolve = (host) => lookup(host, { all: true })) {
    this.#clock = clock;
    this.#resolve = resolve;
  }

  /** For the option `lookup` of `net.connect`. */
  readonly lookup: LookupFunction = (host, options, done) => {
    const answer = (addresses: readonly LookupAddress[]) => {
      const [first] = addresses;
      if (options.all) done(null, [...addresses]);
      else done(null, first?.address ?? '', first?.family);
    };
    const known = this.#known.get(host);
    if (known) {
      if (this.#clock.monotonicMs() - known.atMs > freshMs) this.#ask(host).catch(() => {});
      process.nextTick(answer, known.addresses);
      return;
    }
    this.#ask(host).then(answer, (error: NodeJS.ErrnoException) => done(error, ''));
  };

  #ask(host: string): Promise<readonly LookupAddress[]> {
    const going = this.#asking.get(host);
    if (going) return going;
    const promise = this.#find(host).finally(() => this.#asking.delete(host));
    this.#asking.set(host, promise);
    return promise;
  }

  async #find(host: string): Promise<readonly LookupAddress[]> {
    const addresses = await this.#resolve(host);
    this.#known.set(host, { addresses, atMs: this.#clock.monotonicMs() });
    return addresses;
  }
}
