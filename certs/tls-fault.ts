import { asError, codeOf } from '../core/errors.ts';
import { CertsError, type CertsErrorCode } from './errors.ts';

/**
 * What a failed TLS connection to `server` means, by the code that Node or OpenSSL gave. Whatever says nothing about
 * certificates counts as unreachable: it is safe to try again.
 */
export function tlsFault(thrown: unknown, server: string): CertsError {
  if (thrown instanceof CertsError) return thrown;
  const found = codeOf(thrown) ?? asError(thrown).name;
  const code = faults.get(found) ?? (clientAlert.test(found) ? 'CLIENT_CERTIFICATE_REFUSED' : 'UNREACHABLE');
  return new CertsError(code, `${messages[code]} ${server} (${found})`, thrown);
}

/** To Node, an empty `ca` means the system's authorities; to us it is a mistake. */
export function requireAuthority(caPem: string): void {
  if (caPem.includes('-----BEGIN CERTIFICATE-----')) return;
  throw new CertsError('BUNDLE_INVALID', 'expected at least one CA certificate to check the server against');
}

type TlsFaultCode = Extract<
  CertsErrorCode,
  | 'WRONG_CA'
  | 'SERVER_CERTIFICATE_EXPIRED'
  | 'HOSTNAME_MISMATCH'
  | 'CLOCK_SUSPICIOUS'
  | 'CLIENT_CERTIFICATE_REFUSED'
  | 'UNREACHABLE'
>;

const messages: Readonly<Record<TlsFaultCode, string>> = {
  WRONG_CA: 'expected a certificate of the CA in the bundle at',
  SERVER_CERTIFICATE_EXPIRED: 'expected a valid certificate, found an expired one at',
  HOSTNAME_MISMATCH: 'expected a certificate for this name at',
  CLOCK_SUSPICIOUS: 'by the clock of this machine, the certificate is not valid yet at',
  CLIENT_CERTIFICATE_REFUSED: 'the certificate of this appliance was refused by',
  UNREACHABLE: 'no connection to',
};

/** The server broke the handshake off and said that our certificate is why (RFC 8446, 6.2). */
const clientAlert = /^ERR_SSL_.*ALERT.*(CERTIFICATE|UNKNOWN_CA|ACCESS_DENIED)/;

/** Verdicts of OpenSSL on a server's chain (Node, "X509 certificate error codes"). */
const faults: ReadonlyMap<string, TlsFaultCode> = new Map<string, TlsFaultCode>([
  ['CERT_HAS_EXPIRED', 'SERVER_CERTIFICATE_EXPIRED'],
  ['CERT_NOT_YET_VALID', 'CLOCK_SUSPICIOUS'],
  ['ERR_TLS_CERT_ALTNAME_INVALID', 'HOSTNAME_MISMATCH'],
  ['HOSTNAME_MISMATCH', 'HOSTNAME_MISMATCH'],
  ['UNABLE_TO_GET_ISSUER_CERT', 'WRONG_CA'],
  ['UNABLE_TO_GET_ISSUER_CERT_LOCALLY', 'WRONG_CA'],
  ['UNABLE_TO_VERIFY_LEAF_SIGNATURE', 'WRONG_CA'],
  ['SELF_SIGNED_CERT_IN_CHAIN', 'WRONG_CA'],
  ['DEPTH_ZERO_SELF_SIGNED_CERT', 'WRONG_CA'],
  ['CERT_SIGNATURE_FAILURE', 'WRONG_CA'],
  ['CERT_CHAIN_TOO_LONG', 'WRONG_CA'],
  ['PATH_LENGTH_EXCEEDED', 'WRONG_CA'],
  ['CERT_UNTRUSTED', 'WRONG_CA'],
  ['CERT_REJECTED', 'WRONG_CA'],
  ['CERT_REVOKED', 'WRONG_CA'],
  ['INVALID_CA', 'WRONG_CA'],
  ['INVALID_PURPOSE', 'WRONG_CA'],
]);
