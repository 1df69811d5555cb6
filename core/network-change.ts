import { networkInterfaces } from 'node:os';
import type { Clock } from './clock.ts';

/** How often the machine's own interfaces are looked at: a call of the kernel, no packet. */
const everyMs = 250;

/**
 * Waits, and no longer than until an interface of this machine came up or went down, or has another address: then true.
 * An interface whose cable is pulled counts as down.
 */
export async function untilNetworkChange(
  { clock, read = interfaces }: { readonly clock: Clock; readonly read?: () => string },
  ms: number,
  signal: AbortSignal,
): Promise<boolean> {
  const endMs = clock.monotonicMs() + ms;
  const before = ms > everyMs ? read() : undefined;
  for (;;) {
    const leftMs = endMs - clock.monotonicMs();
    if (leftMs <= 0) return false;
    await clock.sleep(Math.min(everyMs, leftMs), signal);
    if (before !== undefined && read() !== before) return true;
  }
}

/** Which interfaces are up and have a cable, and their addresses. */
function interfaces(): string {
  return Object.entries(networkInterfaces())
    .flatMap(([name, addresses = []]) => addresses.map(({ cidr }) => `${name} ${cidr}`))
    .join('\n');
}
