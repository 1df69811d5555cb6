import type { IncomingMessage } from 'node:http';
import { Agent, request } from 'node:https';
import { codeOf } from '../../core/errors.ts';
import { ReceiverError } from '../errors.ts';

/** A server and the only CA that is believed about it. */
export interface HttpsEndpoint {
  readonly host: string;
  readonly port: number;
  readonly caPem: string;
}

export interface HttpCall {
  readonly method: 'GET' | 'POST' | 'PATCH';
  readonly path: string;
  readonly headers?: Readonly<Record<string, string>>;
  readonly body?: string;
  /** The connection is cut when nothing comes for so long. */
  readonly idleMs: number;
  readonly signal: AbortSignal;
}

export interface HttpAnswer {
  readonly status: number;
  readonly headers: IncomingMessage['headers'];
  readonly body: Buffer;
}

/** HTTPS to one server over kept connections. Every call has an end and a ceiling; failures are ReceiverErrors. */
export class HttpsClient {
  readonly #endpoint: HttpsEndpoint;
  readonly #agent: Agent;

  constructor(endpoint: HttpsEndpoint) {
    this.#endpoint = endpoint;
    this.#agent = new Agent({ keepAlive: true, maxSockets: 16, ca: endpoint.caPem, minVersion: 'TLSv1.2' });
  }

  /** A call whose answer is small. Statuses of 429 and 5xx reject with HUB_UNAVAILABLE, 401 and 403 with HUB_DENIED. */
  async call(call: HttpCall, maxBytes: number): Promise<HttpAnswer> {
    const response = await this.open(call);
    const pieces: Buffer[] = [];
    let bytes = 0;
    try {
      for await (const piece of response as AsyncIterable<Buffer>) {
        bytes += piece.length;
        if (bytes > maxBytes)
          throw new ReceiverError('HUB_PROTOCOL', `the hub's answer is larger than ${maxBytes} bytes`);
        pieces.push(piece);
      }
    } catch (error) {
      throw asUnavailable(error, call.signal);
    }
    return { status: response.statusCode ?? 0, headers: response.headers, body: Buffer.concat(pieces) };
  }

  /** A call whose answer is read by the caller, or destroyed. */
  async open(call: HttpCall): Promise<IncomingMessage> {
    const { host, port } = this.#endpoint;
    const { promise, resolve, reject } = Promise.withResolvers<IncomingMessage>();
    const { method, path, signal } = call;
    const headers = { ...call.headers, ...(call.body === undefined ? {} : { 'content-type': 'application/json' }) };
    const outgoing = request({ host, port, servername: host, agent: this.#agent, method, path, headers, signal });
    outgoing.setTimeout(call.idleMs, () => outgoing.destroy(silence(call.idleMs)));
    outgoing.on('response', resolve);
    outgoing.on('error', reject);
    outgoing.end(call.body);
    try {
      return this.#checked(await promise);
    } catch (error) {
      throw asUnavailable(error, signal);
    }
  }

  close(): void {
    this.#agent.destroy();
  }

  #checked(response: IncomingMessage): IncomingMessage {
    const status = response.statusCode ?? 0;
    if (status !== 401 && status !== 403 && status !== 429 && status < 500) return response;
    if (status === 504) return response;
    response.destroy();
    if (status === 401 || status === 403) {
      throw new ReceiverError('HUB_DENIED', `the hub answered ${status}`, {
        hint: 'Check service key and storage key in the receiver settings, and both clocks.',
      });
    }
    throw new ReceiverError('HUB_UNAVAILABLE', `the hub answered ${status}`);
  }
}

function silence(ms: number): ReceiverError {
  return new ReceiverError('HUB_UNAVAILABLE', `the hub was silent for ${ms} ms`);
}

/** What the network or TLS said, as ours. An abort stays what it is. */
export function asUnavailable(error: unknown, signal: AbortSignal): unknown {
  if (error instanceof ReceiverError || signal.aborted) return error;
  const code = codeOf(error) ?? 'no code';
  const untrusted = /CERT|SELF_SIGNED|UNABLE_TO_(GET|VERIFY)/.test(code) && !code.includes('ALERT');
  if (untrusted) {
    return new ReceiverError('SERVER_NOT_TRUSTED', `the server's certificate is not vouched for (${code})`, {
      hint: 'Check the CA in the receiver settings and who answers at that address.',
      cause: error,
    });
  }
  return new ReceiverError('HUB_UNAVAILABLE', `the hub cannot be reached (${code})`, { cause: error });
}
