import type { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';
import { type Sha256, sha256 } from '../../core/digest.ts';
import { deviceIdSchema } from '../../protocol/ids.ts';
import { EnrolmentError } from './errors.ts';

/** Who is at the other end of a TLS connection, proved by its client certificate. */
export interface Peer {
  /** Which of our authorities vouches for it. */
  readonly kind: 'onboarding' | 'operational';
  /** The certificate's common name. */
  readonly device: string;
  /** SHA-256 of the certificate. */
  readonly credential: Sha256;
}

export type ClientAuthorities = Readonly<Record<Peer['kind'], X509Certificate>>;

/**
 * Reads and judges the client certificate. The TLS layer asks for one but lets any through, so that a refusal can be
 * explained in HTTP; nothing may be answered to a client before this returned. Both OpenSSL's verdict and our own
 * check of issuer, signature and dates must agree.
 */
export function readPeer(socket: TLSSocket, authorities: ClientAuthorities, now: Date): Peer {
  const certificate = socket.getPeerX509Certificate();
  if (!certificate)
    throw new EnrolmentError('CERTIFICATE_REQUIRED', 'expected a client certificate, found none', hints);
  const kind = issuerOf(certificate, authorities);
  if (!kind) throw unknown('expected a client certificate issued by this cloud side');
  if (now < certificate.validFromDate || now > certificate.validToDate) {
    throw new EnrolmentError('CERTIFICATE_EXPIRED', `the ${kind} certificate is not valid at this time`, hints);
  }
  if (!socket.authorized || certificate.ca) throw unknown(`the ${kind} certificate does not verify`);
  const device = deviceIdSchema.safeParse(certificate.toLegacyObject().subject?.CN);
  if (!device.success) throw unknown('expected a device id as common name');
  return { kind, device: device.data, credential: sha256(certificate.raw) };
}

const hints = { hint: 'Create a new enrolment bundle for the device; check the clocks on both sides.' };

function issuerOf(certificate: X509Certificate, authorities: ClientAuthorities): Peer['kind'] | undefined {
  const kinds = ['onboarding', 'operational'] as const;
  return kinds.find((kind) => {
    const authority = authorities[kind];
    return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
  });
}

function unknown(message: string): EnrolmentError {
  return new EnrolmentError('CERTIFICATE_UNKNOWN', message, hints);
}
