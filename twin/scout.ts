import { connect } from 'node:net';
import type { Clock } from '../core/clock.ts';

/** The shortest and longest time between two looks, and how long one look may take. */
const leastMs = 150;
const mostMs = 5_000;
const lookMs = 1_000;

/** Looks grow rarer with the outage: one that lasts a minute costs about two hundred, one of an hour some six hundred. */
const share = 0.02;

export interface ScoutOrder {
  readonly host: string;
  readonly port: number;
  readonly clock: Clock;
  /** Since when there has been no connection, on the monotonic clock. */
  readonly sinceMs: number;
}

/**
 * Waits, at most `waitMs`, for the way to the hub to come back: true when a TCP connection was refused or unanswered
 * and then was made. A way that was there all along cuts no wait short, so a hub that is up and says no is left alone
 * for as long as the back-off says. A look is a connection without a byte; it is closed at once.
 */
export async function wayReturned(order: ScoutOrder, waitMs: number, signal: AbortSignal): Promise<boolean> {
  const { clock, sinceMs } = order;
  const endMs = clock.monotonicMs() + waitMs;
  let wasAway = false;
  for (;;) {
    const isThere = await canConnect(order, signal);
    if (isThere && wasAway) return true;
    wasAway ||= !isThere;
    const nowMs = clock.monotonicMs();
    if (isThere || nowMs >= endMs) return sleepUntil(clock, endMs, signal);
    const pauseMs = Math.min(mostMs, Math.max(leastMs, (nowMs - sinceMs) * share));
    await clock.sleep(Math.min(pauseMs, endMs - nowMs), signal);
  }
}

async function sleepUntil(clock: Clock, endMs: number, signal: AbortSignal): Promise<false> {
  await clock.sleep(Math.max(0, endMs - clock.monotonicMs()), signal);
  return false;
}

function canConnect({ host, port }: ScoutOrder, signal: AbortSignal): Promise<boolean> {
  signal.throwIfAborted();
  const { promise, resolve } = Promise.withResolvers<boolean>();
  const socket = connect({ host, port });
  const end = (isThere: boolean) => {
    signal.removeEventListener('abort', onAbort);
    socket.destroy();
    resolve(isThere);
  };
  const onAbort = () => end(false);
  signal.addEventListener('abort', onAbort, { once: true });
  socket.setTimeout(lookMs, () => end(false));
  socket.once('connect', () => end(true));
  socket.on('error', () => end(false));
  return promise;
}
