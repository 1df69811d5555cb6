import { readFileSync } from 'node:fs';
import type { Clock } from '../../core/clock.ts';

/**
 * Milliseconds that this machine has been suspended since it booted: /proc/uptime goes on in suspend (CLOCK_BOOTTIME),
 * the monotonic clock stands still. Only its growth means something. 0 where there is no /proc/uptime.
 */
export function suspendedMs(clock: Clock): number {
  try {
    return Number.parseFloat(readFileSync('/proc/uptime', 'utf8')) * 1000 - clock.monotonicMs();
  } catch {
    return 0;
  }
}
