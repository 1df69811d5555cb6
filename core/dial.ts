import { connect, type LookupFunction, type Socket } from 'node:net';
import type { Clock } from './clock.ts';
import { overlapping } from './overlap.ts';

/** So long one try may stay without an answer; the kernel has repeated its first packet once by then. */
const tryMs = 3_000;

/** Where to, and how to find the address. */
export interface Target {
  readonly host: string;
  readonly port: number;
  readonly lookup: LookupFunction;
}

export interface DialOrder {
  readonly target: Target;
  readonly clock: Clock;
  /** How long after one first packet the next is sent, while none is answered. Milliseconds. */
  readonly pauseMs: () => number;
}

/**
 * A TCP connection, over a line that may swallow packets for a while: the kernel repeats its first packet after 1, 3,
 * 7 and 15 s, so other tries are made beside it. Rejects at the first no, and when `signal` aborts.
 */
export async function dial({ target, clock, pauseMs }: DialOrder, signal: AbortSignal): Promise<Socket> {
  const { value } = await overlapping(
    {
      attempt: (over) => connected(target, over),
      pause: (over) => clock.sleep(pauseMs(), over),
      mayGoOn: isUnanswered,
      dispose: (socket) => void socket.destroy(),
    },
    signal,
  );
  return value;
}

/** A TCP connection that was just made. Rejects with ETIMEDOUT when there was no answer. */
export function connected({ host, port, lookup }: Target, signal: AbortSignal): Promise<Socket> {
  const { promise, resolve, reject } = Promise.withResolvers<Socket>();
  const socket = connect({ host, port, lookup, noDelay: true });
  const end = (error: unknown) => {
    settle();
    socket.destroy();
    reject(error);
  };
  const onAbort = () => end(signal.reason);
  const onTimeout = () => end(Object.assign(new Error('no answer'), { code: 'ETIMEDOUT' }));
  const onConnect = () => {
    settle();
    resolve(socket);
  };
  const settle = () => {
    signal.removeEventListener('abort', onAbort);
    socket.off('connect', onConnect).off('timeout', onTimeout).off('error', end).setTimeout(0);
    // What happens to it later is told by `close`, and by whoever reads from it.
    socket.on('error', () => {});
  };
  signal.addEventListener('abort', onAbort, { once: true });
  socket.on('connect', onConnect).on('error', end).on('timeout', onTimeout).setTimeout(tryMs);
  return promise;
}

function isUnanswered(error: unknown): boolean {
  return (error as NodeJS.ErrnoException).code === 'ETIMEDOUT';
}
