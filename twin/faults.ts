import { asError } from '../core/errors.ts';
import { LinkError, type LinkErrorCode } from './errors.ts';

/**
 * Which of ours a failed connection attempt is. The SDK calls every first failure "Not authorized", even a refused
 * TCP connection, so the code of the socket, of TLS or of the CONNACK is judged instead (MQTT 3.1.1, 3.2.2.3).
 */
export function connectFault(thrown: unknown): LinkError {
  const cause = asError(thrown);
  if (cause instanceof LinkError) return cause;
  const code = causeCode(cause);
  const kind = connectCode(code);
  return new LinkError(kind, `${connectMessages[kind]}${code === undefined ? '' : ` (${code})`}`, {
    hint: connectHints[kind],
    cause,
  });
}

/** Which of ours an HTTP answer of the hub is, by its status. Undefined status: no answer came at all. */
export function httpFault(status: number | undefined, thrown: unknown, what: string): LinkError {
  const cause = asError(thrown);
  if (cause instanceof LinkError) return cause;
  if (status === undefined) {
    const fault = connectFault(cause);
    return new LinkError(fault.code, `${what}: ${fault.message}`, { ...hintOf(fault), cause });
  }
  if (status < 300) return new LinkError('PROTOCOL', `${what}: the hub's answer could not be read`, { cause });
  return new LinkError(httpCode(status), `${what}: the hub answered ${status}`, { cause });
}

type ConnectCode = Extract<LinkErrorCode, 'UNREACHABLE' | 'SERVER_NOT_TRUSTED' | 'IDENTITY_REFUSED' | 'HUB_BUSY'>;

function connectCode(code: string | undefined): ConnectCode {
  if (code === undefined) return 'UNREACHABLE';
  if (code === '3') return 'HUB_BUSY';
  if (code === '2' || code === '4' || code === '5') return 'IDENTITY_REFUSED';
  if (serverCertificateCodes.has(code) || code.startsWith('ERR_TLS_CERT_')) return 'SERVER_NOT_TRUSTED';
  return /^ERR_SSL_.*ALERT/.test(code) ? 'IDENTITY_REFUSED' : 'UNREACHABLE';
}

function httpCode(status: number): LinkErrorCode {
  if (status === 401) return 'IDENTITY_REFUSED';
  return status === 429 || status >= 500 ? 'HUB_BUSY' : 'REFUSED';
}

/** What OpenSSL says of a server's certificate (Node, "X509 certificate error codes"). */
const serverCertificateCodes = new Set([
  'UNABLE_TO_GET_ISSUER_CERT',
  'UNABLE_TO_GET_ISSUER_CERT_LOCALLY',
  'UNABLE_TO_VERIFY_LEAF_SIGNATURE',
  'SELF_SIGNED_CERT_IN_CHAIN',
  'DEPTH_ZERO_SELF_SIGNED_CERT',
  'CERT_SIGNATURE_FAILURE',
  'CERT_NOT_YET_VALID',
  'CERT_HAS_EXPIRED',
  'CERT_CHAIN_TOO_LONG',
  'CERT_REVOKED',
  'CERT_UNTRUSTED',
  'CERT_REJECTED',
  'INVALID_CA',
  'INVALID_PURPOSE',
  'PATH_LENGTH_EXCEEDED',
  'HOSTNAME_MISMATCH',
]);

const connectMessages: Record<ConnectCode, string> = {
  UNREACHABLE: 'no hub answered',
  SERVER_NOT_TRUSTED: 'the server at the hub address is not vouched for by the CA of the enrolment bundle',
  IDENTITY_REFUSED: 'the hub refused the certificate of this device',
  HUB_BUSY: 'the hub asks to come back later',
};

const connectHints: Record<ConnectCode, string> = {
  UNREACHABLE: 'Check network, DNS and that outbound MQTT (8883) and HTTPS (443) are open. It tries again by itself.',
  SERVER_NOT_TRUSTED: 'Check for a proxy that opens TLS, and the clock of this machine. Nothing was sent.',
  IDENTITY_REFUSED: 'Check that the device is registered and enabled; it is provisioned again by itself.',
  HUB_BUSY: 'Nothing to do: it tries again by itself.',
};

/** The code nearest to the wire: mqtt.js and the SDK wrap errors, and number CONNACK codes. */
function causeCode(error: Error): string | undefined {
  for (let each: unknown = error, depth = 0; each instanceof Error && depth < 4; depth++) {
    const code: unknown = 'code' in each ? each.code : undefined;
    if (typeof code === 'string' || typeof code === 'number') return String(code);
    each = 'transportError' in each ? each.transportError : each.cause;
  }
  return undefined;
}

function hintOf(error: LinkError): { hint?: string } {
  return error.hint === undefined ? {} : { hint: error.hint };
}

/** True for the error of `withDeadline`. */
export function isLate(error: unknown): error is Error {
  return error instanceof Error && error.name === 'TimeoutError';
}

export function lateBy(error: Error): LinkError {
  return new LinkError('DEADLINE', error.message, { cause: error });
}

/** Any failure of a call on a connection that worked before. */
export function lostBy(reason: unknown): LinkError {
  if (reason instanceof LinkError) return reason;
  if (isLate(reason)) return lateBy(reason);
  return new LinkError('LOST', 'the connection to the hub was lost', { cause: asError(reason ?? 'no reason given') });
}
