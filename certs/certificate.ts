import { createPrivateKey, X509Certificate } from 'node:crypto';
import { CertsError } from './errors.ts';

const dayMs = 86_400_000;
const clientAuth = '1.3.6.1.5.5.7.3.2';
/** How far this machine's clock may be behind the authority's. */
const toleranceMs = 5 * 60_000;

/** What a fresh certificate must be before it is kept. */
export interface Expectation {
  readonly keyPem: string;
  readonly deviceId: string;
  /** Certificates that the EST server names as its authorities. */
  readonly authorities: readonly X509Certificate[];
  readonly now: Date;
}

/**
 * Picks, among the certificates of an EST answer, the one for our key, and refuses it unless name, issuer, purpose and
 * dates are right.
 */
export function acceptCertificate(answered: readonly X509Certificate[], expected: Expectation): X509Certificate {
  const key = createPrivateKey(expected.keyPem);
  const certificate = answered.find((candidate) => candidate.checkPrivateKey(key));
  if (!certificate) throw new CertsError('KEY_MISMATCH', 'expected a certificate for the key of this appliance');
  if (commonNameOf(certificate) !== expected.deviceId) {
    throw new CertsError('WRONG_DEVICE', `expected a certificate for ${expected.deviceId}`);
  }
  if (!expected.authorities.some((authority) => isIssuedBy(certificate, authority))) {
    throw new CertsError('WRONG_ISSUER', 'expected a certificate of an authority that the EST server names');
  }
  if (certificate.ca || !certificate.keyUsage?.includes(clientAuth)) {
    throw new CertsError('ANSWER_INVALID', 'expected a certificate for TLS clients');
  }
  checkFresh(certificate, expected.now);
  return certificate;
}

/** The certificate's common name, or undefined when it has none or several. */
export function commonNameOf(certificate: X509Certificate): string | undefined {
  const name: unknown = certificate.toLegacyObject().subject?.CN;
  return typeof name === 'string' ? name : undefined;
}

/** Whole days until `notAfter`; negative once it has passed. */
export function daysLeft(notAfter: Date, now: Date): number {
  return Math.floor((notAfter.getTime() - now.getTime()) / dayMs);
}

/** True from two thirds of the certificate's life on. */
export function renewalDue(identity: { readonly certificatePem: string }, now: Date): boolean {
  const { validFromDate, validToDate } = new X509Certificate(identity.certificatePem);
  const lifeMs = validToDate.getTime() - validFromDate.getTime();
  return now.getTime() >= validFromDate.getTime() + (lifeMs * 2) / 3;
}

/** A certificate that was issued a moment ago must be valid now; if not, this clock is wrong. */
function checkFresh({ validFromDate, validToDate }: X509Certificate, now: Date): void {
  if (now.getTime() + toleranceMs >= validFromDate.getTime() && now < validToDate) return;
  const span = `${validFromDate.toISOString()} to ${validToDate.toISOString()}`;
  throw new CertsError(
    'CLOCK_SUSPICIOUS',
    `a certificate just issued is valid from ${span}, it is ${now.toISOString()}`,
  );
}

function isIssuedBy(certificate: X509Certificate, authority: X509Certificate): boolean {
  return authority.ca && certificate.checkIssued(authority) && certificate.verify(authority.publicKey);
}
