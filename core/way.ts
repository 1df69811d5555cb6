import { isIP, type Socket } from 'node:net';
import { connect, type TLSSocket } from 'node:tls';
import { connected, type DialOrder, type Target } from './dial.ts';
import { untilNetworkChange } from './network-change.ts';
import { overlapping } from './overlap.ts';

/** The shortest and longest time between two looks. */
const leastMs = 100;
const mostMs = 5_000;

/** Looks grow rarer with the outage: one that lasts a minute costs some two hundred, one of an hour some six hundred. */
const share = 0.02;

/** So long a server that took the connection may think about its first word. */
const greetingMs = 3_000;

/** So many looks that got no answer before a later one did are no coincidence: the line swallowed them. */
const swallowedLooks = 3;

/** How long after one look the next begins, when there has been no way for so long. Milliseconds. */
export function pauseBetweenLooks(awayMs: number): number {
  return Math.min(mostMs, Math.max(leastMs, awayMs * share));
}

export interface SeekOrder extends Omit<DialOrder, 'pauseMs'> {
  /** CA certificates (PEM) that the server is checked against; Node's own when undefined. */
  readonly caPem: string | undefined;
  /** Since when there has been no way, on the monotonic clock. */
  readonly sinceMs: number;
  /** Told once: the first look that failed. */
  readonly onAway?: (error: unknown) => void;
}

/** A TLS connection and the socket below it. */
export interface Connection {
  readonly socket: Socket;
  readonly secure: TLSSocket;
}

export interface FoundWay {
  /** Whether there was no way before. */
  readonly wasAway: boolean;
  /** Absent when the server answered and no connection came of it, for it wants or has another certificate. */
  readonly connection?: Connection;
}

/**
 * Looks for the way to a server until there is one. A look is a TLS connection, without a byte of content. Taking the
 * connection proves nothing: what stands between may do that and then reset it; so it is the server's first word that
 * counts. A look that is refused, reset, or swallowed while a later one is answered, means that there was no way.
 * A change of this machine's own interfaces (a cable, an address) makes looks as frequent as at the beginning.
 */
export async function seekWay(order: SeekOrder, signal: AbortSignal): Promise<FoundWay> {
  const { clock, target, caPem, sinceMs, onAway } = order;
  let wasAway = false;
  let quietSinceMs = sinceMs;
  const { value, unanswered } = await overlapping(
    {
      attempt: (over) => look(target, caPem, over),
      pause: async (over) => {
        const pauseMs = pauseBetweenLooks(clock.monotonicMs() - quietSinceMs);
        if (await untilNetworkChange({ clock }, pauseMs, over)) quietSinceMs = clock.monotonicMs();
      },
      mayGoOn: (error) => {
        if (!wasAway) onAway?.(error);
        wasAway = true;
        return true;
      },
      dispose: (connection) => void connection?.socket.destroy(),
    },
    signal,
  );
  const isBack = wasAway || unanswered >= swallowedLooks;
  return value ? { wasAway: isBack, connection: value } : { wasAway: isBack };
}

/** Undefined: the server answered, and the handshake failed all the same. Rejects when nobody answered. */
async function look(target: Target, caPem: string | undefined, signal: AbortSignal): Promise<Connection | undefined> {
  const socket = await connected(target, signal);
  const { promise, resolve, reject } = Promise.withResolvers<Connection | undefined>();
  const { host } = target;
  const secure = connect({
    ...{ socket, host, servername: isIP(host) ? '' : host, minVersion: 'TLSv1.2', ALPNProtocols: ['http/1.1'] },
    ...(caPem === undefined ? {} : { ca: caPem }),
  });
  const end = (error: unknown) => {
    settle();
    const isHeard = secure.bytesRead > 0 || socket.bytesRead > 0;
    secure.destroy();
    socket.destroy();
    if (isHeard && !signal.aborted) resolve(undefined);
    else reject(error);
  };
  const onSecure = () => {
    settle();
    resolve({ socket, secure });
  };
  const onAbort = () => end(signal.reason);
  const onSilence = () => end(new Error('nobody answered'));
  const settle = () => {
    signal.removeEventListener('abort', onAbort);
    secure.off('secureConnect', onSecure).off('timeout', onSilence).off('error', end).off('close', onSilence);
    secure.on('error', () => {}).setTimeout(0);
  };
  signal.addEventListener('abort', onAbort, { once: true });
  secure.on('secureConnect', onSecure).on('error', end).on('close', onSilence).on('timeout', onSilence);
  secure.setTimeout(greetingMs);
  if (signal.aborted) onAbort();
  return promise;
}
