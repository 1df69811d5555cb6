import { X509Certificate } from 'node:crypto';
import { EventRejected } from '../errors.ts';

export interface CertificateRules {
  /** Certificates of the operational CA; each of them is an anchor. */
  readonly authorities: readonly X509Certificate[];
  /** Allowance for clocks that differ. */
  readonly clockSkewMs: number;
}

/** Extended key usage "client authentication" (RFC 5280, 4.2.1.12). */
const clientAuth = '1.3.6.1.5.5.7.3.2';
const leastRsaBits = 2048;

/**
 * Checks that a certificate is one of a device and was valid at `at`: issued by one of the authorities itself, while
 * that one was valid too, not a CA, for clients, an RSA key, one common name. Returns the name. Throws
 * CERTIFICATE_REFUSED.
 */
export function checkDeviceCertificate(leaf: X509Certificate, at: Date, rules: CertificateRules): string {
  const issuer = rules.authorities.find((authority) => isIssuedBy(leaf, authority));
  if (!issuer) throw refused('is not issued by the operational CA');
  if (!issuer.ca || !isValid(issuer, at, rules.clockSkewMs)) throw refused('is issued by a CA that was not valid');
  if (!isValid(leaf, at, rules.clockSkewMs)) throw refused('was not valid when the event came');
  if (leaf.ca || !(leaf.keyUsage ?? [clientAuth]).includes(clientAuth)) throw refused('is not one for clients');
  const { asymmetricKeyType, asymmetricKeyDetails } = leaf.publicKey;
  if (asymmetricKeyType !== 'rsa' || (asymmetricKeyDetails?.modulusLength ?? 0) < leastRsaBits) {
    throw refused(`has no RSA key of at least ${leastRsaBits} bits`);
  }
  const name: unknown = leaf.toLegacyObject().subject?.CN;
  if (typeof name !== 'string') throw refused('does not have exactly one common name');
  return name;
}

/** The certificates of a PEM text. Throws on text that holds none. */
export function readCertificates(pem: string): readonly X509Certificate[] {
  const blocks = pem.match(/-----BEGIN CERTIFICATE-----[^-]+-----END CERTIFICATE-----/g) ?? [];
  if (blocks.length === 0) throw refused('text holds no certificate');
  return blocks.map((block) => new X509Certificate(block));
}

function isIssuedBy(leaf: X509Certificate, authority: X509Certificate): boolean {
  return leaf.checkIssued(authority) && leaf.verify(authority.publicKey);
}

function isValid(certificate: X509Certificate, at: Date, skewMs: number): boolean {
  const { validFromDate, validToDate } = certificate;
  return at.getTime() >= validFromDate.getTime() - skewMs && at.getTime() <= validToDate.getTime() + skewMs;
}

function refused(why: string): EventRejected {
  return new EventRejected('CERTIFICATE_REFUSED', `the certificate ${why}`);
}
