import type { Clock } from '../core/clock.ts';
import { type SeekOrder, seekWay } from '../core/way.ts';

/** So long without a way, a real attempt is made all the same: nothing depends on the looks alone. */
const trustMs = 300_000;

/**
 * Waits, at least `waitMs`, unless the way to the hub was gone and is there again: then true, at once. A way that was
 * there all along cuts no wait short, so a hub that is up and says no is left alone for as long as the back-off says.
 * While there is no way nothing but looks is tried (`core/way.ts`): they notice it sooner than an attempt of the SDK.
 */
export async function wayReturned(order: SeekOrder, waitMs: number, signal: AbortSignal): Promise<boolean> {
  const { clock } = order;
  const endMs = clock.monotonicMs() + waitMs;
  const over = new AbortController();
  const any = AbortSignal.any([signal, over.signal]);
  try {
    const seeking = seekWay(order, any);
    const found = await Promise.race([seeking, clock.sleep(waitMs + trustMs, any)]);
    found?.connection?.socket.resetAndDestroy();
    if (found?.wasAway) return true;
    await sleepUntil(clock, endMs, any);
    return false;
  } finally {
    over.abort(new Error('the look-out is over'));
  }
}

async function sleepUntil(clock: Clock, endMs: number, signal: AbortSignal): Promise<void> {
  const leftMs = endMs - clock.monotonicMs();
  if (leftMs > 0) await clock.sleep(leftMs, signal);
}
