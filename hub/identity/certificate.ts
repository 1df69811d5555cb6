import { X509Certificate } from 'node:crypto';
import type { TLSSocket } from 'node:tls';

/** Why a client certificate is not the certificate of a device; each is a reason code in the log. */
export type CertificateRefusal =
  | 'no-certificate'
  | 'untrusted-issuer'
  | 'not-yet-valid'
  | 'expired'
  | 'not-a-client-certificate'
  | 'no-common-name'
  | 'not-accepted-by-tls';

/** What is kept and told of a device's certificate. Thumbprints are upper-case hex, dates ISO 8601. */
export interface DeviceCertificate {
  readonly commonName: string;
  readonly subject: string;
  readonly issuer: string;
  readonly sha1Thumbprint: string;
  readonly sha256Thumbprint: string;
  readonly serialNumber: string;
  readonly notBefore: string;
  readonly notAfter: string;
}

export type CertificateJudgement =
  | { readonly ok: true; readonly certificate: DeviceCertificate }
  | { readonly ok: false; readonly reason: CertificateRefusal };

/** What the other side of a TLS connection presented. `verified` is OpenSSL's own word on the chain. */
export interface Peer {
  readonly certificate: X509Certificate | undefined;
  readonly verified: boolean;
}

/** Extended key usage "client authentication" (RFC 5280, 4.2.1.12). */
const clientAuth = '1.3.6.1.5.5.7.3.2';

export function peerOf(socket: TLSSocket): Peer {
  return { certificate: socket.getPeerX509Certificate(), verified: socket.authorized };
}

/**
 * Decides whether a presented certificate is one of a device: issued by one of `authorities` itself, not by something
 * below or beside it, valid now, for clients, with one common name. The TLS handshake has already proved that the peer
 * holds its key. Validity is judged here again because a resumed session skips OpenSSL's check.
 */
export function judgeCertificate(peer: Peer, authorities: readonly X509Certificate[], now: Date): CertificateJudgement {
  const { certificate } = peer;
  if (!certificate) return refuse('no-certificate');
  if (!authorities.some((authority) => isIssuedBy(certificate, authority))) return refuse('untrusted-issuer');
  if (now < certificate.validFromDate) return refuse('not-yet-valid');
  if (now >= certificate.validToDate) return refuse('expired');
  if (certificate.ca || !(certificate.keyUsage ?? [clientAuth]).includes(clientAuth)) {
    return refuse('not-a-client-certificate');
  }
  const commonName: unknown = certificate.toLegacyObject().subject?.CN;
  if (typeof commonName !== 'string') return refuse('no-common-name');
  if (!peer.verified) return refuse('not-accepted-by-tls');
  return { ok: true, certificate: describeCertificate(certificate, commonName) };
}

/** The certificates of a PEM bundle. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[\s\S]+?-----END CERTIFICATE-----/g) ?? [];
  return blocks.map((block) => new X509Certificate(block));
}

function refuse(reason: CertificateRefusal): CertificateJudgement {
  return { ok: false, reason };
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}

function describeCertificate(certificate: X509Certificate, commonName: string): DeviceCertificate {
  return {
    commonName,
    subject: oneLine(certificate.subject),
    issuer: oneLine(certificate.issuer),
    sha1Thumbprint: certificate.fingerprint.replaceAll(':', ''),
    sha256Thumbprint: certificate.fingerprint256.replaceAll(':', ''),
    serialNumber: certificate.serialNumber,
    notBefore: certificate.validFromDate.toISOString(),
    notAfter: certificate.validToDate.toISOString(),
  };
}

function oneLine(name: string | undefined): string {
  return (name ?? '').split('\n').join(', ');
}
