import { type KeyObject, randomBytes, webcrypto, X509Certificate } from 'node:crypto';
import * as asn1js from 'asn1js';
import { AttributeTypeAndValue, Certificate, PublicKeyInfo, RelativeDistinguishedNames, Time } from 'pkijs';
import { extensionsFor, type Purpose } from './extensions.ts';

/** All that a certificate says; nothing in it is taken from a request but the public key. */
export interface CertificatePlan {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly purpose: Purpose;
  readonly notBefore: Date;
  readonly notAfter: Date;
}

/** Who signs: an authority's name and P-256 key pair. For a self-signed certificate, those of its subject. */
export interface Signer {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  readonly privateKey: KeyObject;
}

/** Makes and signs (ECDSA, SHA-256) an X.509v3 certificate with a random 127-bit serial number. */
export async function signCertificate(plan: CertificatePlan, signer: Signer): Promise<X509Certificate> {
  const certificate = new Certificate({
    version: 2,
    serialNumber: new asn1js.Integer({ valueHex: randomSerial() }),
    issuer: nameOf(signer.commonName),
    subject: nameOf(plan.commonName),
    notBefore: timeOf(plan.notBefore),
    notAfter: timeOf(plan.notAfter),
    subjectPublicKeyInfo: new PublicKeyInfo({ schema: asn1js.fromBER(spkiOf(plan.publicKey)).result }),
    extensions: extensionsFor(plan.purpose, spkiOf(plan.publicKey), spkiOf(signer.publicKey)),
  });
  await certificate.sign(await signingKey(signer.privateKey), 'SHA-256');
  return new X509Certificate(Buffer.from(certificate.toSchema(true).toBER(false)));
}

/** The public key's SubjectPublicKeyInfo as DER: what fingerprints of keys are taken over. */
export function spkiOf(key: KeyObject): Buffer<ArrayBuffer> {
  return Buffer.from(key.export({ type: 'spki', format: 'der' }));
}

function nameOf(commonName: string): RelativeDistinguishedNames {
  const value = new asn1js.Utf8String({ value: commonName });
  return new RelativeDistinguishedNames({ typesAndValues: [new AttributeTypeAndValue({ type: '2.5.4.3', value })] });
}

/** UTCTime before 2050, GeneralizedTime from then on (RFC 5280, 4.1.2.5); whole seconds. */
function timeOf(date: Date): Time {
  const value = new Date(Math.floor(date.getTime() / 1000) * 1000);
  return new Time({ type: value.getUTCFullYear() < 2050 ? 0 : 1, value });
}

function randomSerial(): ArrayBuffer {
  const bytes = Uint8Array.from(randomBytes(16));
  bytes[0] = (bytes[0]! & 0x3f) | 0x40;
  return bytes.buffer;
}

function signingKey(key: KeyObject): Promise<webcrypto.CryptoKey> {
  const der = key.export({ type: 'pkcs8', format: 'der' });
  return webcrypto.subtle.importKey('pkcs8', Buffer.from(der), { name: 'ECDSA', namedCurve: 'P-256' }, false, ['sign']);
}
