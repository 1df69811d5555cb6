import type { IncomingHttpHeaders, IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { CertsError } from './errors.ts';
import type { KeyPair } from './pkcs12.ts';
import { requireAuthority, tlsFault } from './tls-fault.ts';

export interface HttpsRequest {
  readonly url: URL;
  readonly method: 'GET' | 'POST';
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** PEM. The only authorities that are believed: the system's are not consulted. */
  readonly caPem: string;
  /** Client certificate. */
  readonly pair?: KeyPair;
  /** From the first packet to the last; then UNREACHABLE. */
  readonly deadlineMs: number;
  readonly signal: AbortSignal | undefined;
}

export interface HttpsAnswer {
  readonly status: number;
  readonly headers: IncomingHttpHeaders;
  readonly body: string;
}

/** An answer longer than this is not one of ours. */
const maxAnswerBytes = 256 * 1024;

/**
 * One HTTPS request on a connection of its own, so that no TLS session of another certificate is resumed. Rejects with
 * a CertsError, or with the reason of `signal`.
 */
export async function requestOnce(options: HttpsRequest): Promise<HttpsAnswer> {
  requireAuthority(options.caPem);
  const deadline = AbortSignal.timeout(options.deadlineMs);
  const signal = options.signal ? AbortSignal.any([options.signal, deadline]) : deadline;
  const agent = new Agent({ keepAlive: false, maxCachedSessions: 0 });
  try {
    const message = await send(options, agent, signal);
    return { status: message.statusCode ?? 0, headers: message.headers, body: await readCapped(message) };
  } catch (error) {
    options.signal?.throwIfAborted();
    throw tlsFault(deadline.aborted ? deadline.reason : error, options.url.host);
  } finally {
    agent.destroy();
  }
}

function send(options: HttpsRequest, agent: Agent, signal: AbortSignal): Promise<IncomingMessage> {
  const { url, method, headers, body, caPem, pair } = options;
  const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
  const outgoing = request(url, {
    agent,
    method,
    signal,
    headers: { ...headers, ...(body === undefined ? {} : { 'content-length': Buffer.byteLength(body) }) },
    ca: caPem,
    ...(pair ? { cert: pair.certificatePem, key: pair.keyPem } : {}),
    minVersion: 'TLSv1.2',
    rejectUnauthorized: true,
  });
  outgoing.on('response', resolve);
  outgoing.on('error', reject);
  outgoing.end(body);
  return promise;
}

async function readCapped(message: IncomingMessage): Promise<string> {
  const pieces: Buffer[] = [];
  let bytes = 0;
  for await (const piece of message) {
    bytes += (piece as Buffer).length;
    if (bytes > maxAnswerBytes) {
      message.destroy();
      throw new CertsError('ANSWER_INVALID', `expected an answer of at most ${maxAnswerBytes} bytes, found more`);
    }
    pieces.push(piece as Buffer);
  }
  return Buffer.concat(pieces).toString('utf8');
}
