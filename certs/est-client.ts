import type { X509Certificate } from 'node:crypto';
import type { Clock } from '../core/clock.ts';
import { backoff, type Delay, retry } from '../core/retry.ts';
import { isPassing } from './errors.ts';
import { type EstOperation, estProblem } from './est-problem.ts';
import { type HttpsAnswer, type HttpsRequest, requestOnce } from './https-request.ts';
import { readCertsOnly } from './pkcs7.ts';
import type { KeyPair } from './pkcs12.ts';

export interface EstClientDeps {
  /** `https://host:port`; `/.well-known/est` is added unless it is there (RFC 7030, 3.2.2). */
  readonly url: string;
  /** The CA certificates of the bundle, PEM: the server is checked against these alone. */
  readonly caPem: string;
  readonly clock: Clock;
  /** Told before each repetition after trouble that passes by itself. */
  readonly onRetry?: (error: unknown, attempt: number, waitMs: number) => void;
  /** Default: 2 s doubling to 5 min, with jitter. */
  readonly delay?: Delay;
  /** For one request. Default 30 000. */
  readonly deadlineMs?: number;
}

/** How a request for a certificate is made. */
export interface Enrolment {
  /** PKCS#10, PEM. */
  readonly requestPem: string;
  /** Client certificate: the onboarding pair to enrol, the operational one to renew. */
  readonly pair: KeyPair;
  /** Told each time the server asks to wait for a person's approval. */
  readonly onWaiting?: (retryAfterMs: number) => void;
  readonly signal?: AbortSignal | undefined;
}

/**
 * A client of EST (RFC 7030) over HTTPS with client certificates. Trouble that passes is tried again until `signal`
 * aborts; everything else rejects with a CertsError. The request is sent again as it is, so that repeating is safe.
 */
export class EstClient {
  readonly #deps: EstClientDeps;

  constructor(deps: EstClientDeps) {
    this.#deps = deps;
  }

  /** The authorities whose certificates the server gives out (4.1). */
  async caCertificates(signal?: AbortSignal): Promise<X509Certificate[]> {
    return readCertsOnly((await this.#ask('cacerts', { method: 'GET', signal })).body);
  }

  /** Asks for the first certificate (4.2.1), waiting as long as approval takes. */
  enrol(enrolment: Enrolment): Promise<X509Certificate[]> {
    return this.#request('simpleenroll', enrolment);
  }

  /** Asks for a certificate for a new key (4.2.2). */
  reenrol(enrolment: Enrolment): Promise<X509Certificate[]> {
    return this.#request('simplereenroll', enrolment);
  }

  async #request(operation: EstOperation, { requestPem, pair, onWaiting, signal }: Enrolment) {
    const headers = { 'content-type': 'application/pkcs10', 'content-transfer-encoding': 'base64' };
    const body = requestPem.replace(/-----[A-Z ]+-----|\r/g, '').trim();
    for (;;) {
      const answer = await this.#ask(operation, { method: 'POST', headers, body, pair, signal });
      if (answer.status === 200) return readCertsOnly(answer.body);
      const retryAfterMs = retryAfter(answer, this.#deps.clock.now());
      onWaiting?.(retryAfterMs);
      await this.#deps.clock.sleep(retryAfterMs, signal);
    }
  }

  /** Resolves with 200 or 202 only. */
  #ask(operation: EstOperation, request: Omit<HttpsRequest, 'url' | 'caPem' | 'deadlineMs'>): Promise<HttpsAnswer> {
    const { clock, caPem, onRetry, delay = backoff(2_000, 300_000), deadlineMs = 30_000 } = this.#deps;
    const url = operationUrl(this.#deps.url, operation);
    const step = async () => {
      const answer = await requestOnce({ ...request, url, caPem, deadlineMs });
      if (answer.status === 200 || (answer.status === 202 && operation !== 'cacerts')) return answer;
      throw estProblem(operation, answer);
    };
    const { signal } = request;
    return retry(step, {
      delay,
      clock,
      retryable: isPassing,
      ...(signal ? { signal } : {}),
      ...(onRetry ? { onRetry } : {}),
    });
  }
}

function operationUrl(base: string, operation: EstOperation): URL {
  const url = new URL(base);
  const path = url.pathname.replace(/\/+$/, '');
  url.pathname = `${path.includes('/.well-known/est') ? path : `${path}/.well-known/est`}/${operation}`;
  return url;
}

/** Seconds or an HTTP date (RFC 9110, 10.2.3); between a second and an hour, a minute when it says nothing. */
function retryAfter({ headers }: HttpsAnswer, now: Date): number {
  const text = headers['retry-after'] ?? '';
  const ms = /^\d+$/.test(text) ? Number(text) * 1000 : Date.parse(text) - now.getTime();
  return Number.isNaN(ms) ? 60_000 : Math.min(Math.max(ms, 1_000), 3_600_000);
}
