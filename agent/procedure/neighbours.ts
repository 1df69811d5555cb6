import { readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';
import type { EvidenceSource, Statement } from './evidence.ts';

export interface NeighbourSettings {
  /** IPv4 addresses of what is switched on for procedures alone. */
  readonly addresses: readonly string[];
  /** How long it counts after it was last seen. */
  readonly lifetimeMinutes: number;
}

interface Deps {
  readonly settings: NeighbourSettings;
  readonly clock: Clock;
  /** The kernel's table; tests put another file here. */
  readonly table?: string;
}

/** Flag of an entry whose hardware address is known (ATF_COM). */
const complete = 0x2;

/**
 * The kernel's neighbour table, read at each look: an address that stands in it has lately spoken to this machine. It is
 * one local file. Nothing is sent to anybody, ever: who is silent stays unknown, which is no evidence of anything.
 */
export class NeighbourSource implements EvidenceSource {
  readonly name = 'neighbours';
  readonly #deps: Deps;
  #seenMs: number | undefined;

  constructor(deps: Deps) {
    this.#deps = deps;
  }

  async start(): Promise<void> {}

  async stop(): Promise<void> {}

  statements(): readonly Statement[] {
    const { settings, clock, table = '/proc/net/arp' } = this.#deps;
    const here = addressesIn(readFileSync(table, 'latin1'));
    if (settings.addresses.some((address) => here.includes(address))) this.#seenMs = clock.monotonicMs();
    if (this.#seenMs === undefined) return [];
    const lifetimeMs = settings.lifetimeMinutes * 60_000;
    const what = 'a machine of the room is on the network';
    const said: Statement = { source: this.name, key: 'seen', says: 'maybe', sinceMs: this.#seenMs, lifetimeMs, what };
    return clock.monotonicMs() - this.#seenMs < lifetimeMs ? [said] : [];
  }
}

/** Addresses with a known hardware address. Columns: address, type, flags, hardware address, mask, device. */
export function addressesIn(table: string): readonly string[] {
  return table.split('\n').flatMap((line) => {
    const [address = '', , flags = ''] = line.trim().split(/\s+/);
    return (Number.parseInt(flags, 16) & complete) !== 0 ? [address] : [];
  });
}
