import { createPublicKey, type KeyObject } from 'node:crypto';
import * as asn1js from 'asn1js';
import { CertificationRequest } from 'pkijs';
import { type Sha256, sha256 } from '../../core/digest.ts';
import { spkiOf } from './certificate.ts';
import { AuthorityError } from './errors.ts';

/** What is believed of a certification request once its own signature was verified: the key, and the name it asks for. */
export interface SigningRequest {
  readonly commonName: string;
  readonly publicKey: KeyObject;
  /** SHA-256 of the key's SubjectPublicKeyInfo: what a person compares before approving. */
  readonly fingerprint: Sha256;
}

const commonNameOid = '2.5.4.3';
const minimumBits = 2048;
/** Above this a signature check costs so much that it could be used to wear the server out. */
const maximumBits = 8192;
/** sha256, sha384 and sha512WithRSAEncryption (RFC 8017). */
const strongSignatures = new Set(['1.2.840.113549.1.1.11', '1.2.840.113549.1.1.12', '1.2.840.113549.1.1.13']);

/** Reads a PKCS#10 request (DER) and verifies that its sender holds the private key (RFC 2986, 3). */
export async function readSigningRequest(der: Uint8Array): Promise<SigningRequest> {
  const request = parse(der);
  if (!strongSignatures.has(request.signatureAlgorithm.algorithmId)) {
    throw new AuthorityError('REQUEST_UNPROVEN', 'expected a request signed with RSA and SHA-256 or stronger', {
      hint: 'Make the request with an RSA key and SHA-256.',
    });
  }
  const publicKey = suitableKey(request);
  if (!(await request.verify().catch(() => false))) {
    throw new AuthorityError('REQUEST_UNPROVEN', 'the request is not signed by the key that it names', {
      hint: 'Send the request as it was made; it may have been changed on its way.',
    });
  }
  return { commonName: commonNameOf(request), publicKey, fingerprint: sha256(spkiOf(publicKey)) };
}

function parse(der: Uint8Array): CertificationRequest {
  try {
    const { offset, result } = asn1js.fromBER(der);
    if (offset !== der.byteLength) throw new Error('the request ends too early or too late');
    return new CertificationRequest({ schema: result });
  } catch (cause) {
    throw malformed('expected a PKCS#10 certification request in DER', cause);
  }
}

function suitableKey(request: CertificationRequest): KeyObject {
  const spki = Buffer.from(request.subjectPublicKeyInfo.toSchema().toBER(false));
  const publicKey = publicKeyOf(spki);
  const { modulusLength = 0, publicExponent = 0n } = publicKey.asymmetricKeyDetails ?? {};
  const suitable = modulusLength >= minimumBits && modulusLength <= maximumBits && publicExponent >= 65_537n;
  if (publicKey.asymmetricKeyType !== 'rsa' || !suitable) {
    throw new AuthorityError('KEY_UNSUITABLE', `expected an RSA key of ${minimumBits} to ${maximumBits} bits`, {
      hint: 'Make a new key pair of 3072 bits with exponent 65537.',
    });
  }
  return publicKey;
}

function publicKeyOf(spki: Buffer): KeyObject {
  try {
    return createPublicKey({ key: spki, format: 'der', type: 'spki' });
  } catch (cause) {
    throw malformed('the request holds no public key that can be read', cause);
  }
}

function commonNameOf(request: CertificationRequest): string {
  const names = request.subject.typesAndValues.filter((entry) => entry.type === commonNameOid);
  const name: unknown = names[0]?.value.valueBlock.value;
  if (names.length !== 1 || typeof name !== 'string')
    throw malformed('expected exactly one common name in the request');
  return name;
}

function malformed(message: string, cause?: unknown): AuthorityError {
  return new AuthorityError('REQUEST_MALFORMED', message, {
    hint: 'Send a PKCS#10 request with the device id as its common name.',
    cause,
  });
}
