import { constants, createPublicKey, generateKeyPair, type KeyObject, sign } from 'node:crypto';
import { promisify } from 'node:util';
import type { pki } from 'node-forge';
import { type Sha256, sha256 } from '../core/digest.ts';

const generate = promisify(generateKeyPair);
const signAsync = promisify(sign);

/** A key made here and the request for its certificate; kept together, so that neither is ever without the other. */
export interface SigningRequest {
  /** Common name of the request. */
  readonly device: string;
  /** PKCS#8, PEM. */
  readonly keyPem: string;
  /** PKCS#10, PEM. */
  readonly requestPem: string;
}

/**
 * Makes a fresh RSA key of 3072 bits and a PKCS#10 request for `device`. Key and signature come from `node:crypto`'s
 * thread pool; node-forge, which would block the loop for them, writes the ASN.1 only.
 */
export async function makeSigningRequest(device: string): Promise<SigningRequest> {
  const { publicKey, privateKey } = await generate('rsa', { modulusLength: 3072 });
  return {
    device,
    keyPem: String(privateKey.export({ type: 'pkcs8', format: 'pem' })),
    requestPem: await signRequest(device, publicKey, privateKey),
  };
}

/** SHA-256 of the public key (SubjectPublicKeyInfo, DER): what a person compares before approving the request. */
export function keyFingerprint(keyPem: string): Sha256 {
  return sha256(createPublicKey(keyPem).export({ type: 'spki', format: 'der' }));
}

async function signRequest(device: string, publicKey: KeyObject, privateKey: KeyObject): Promise<string> {
  const { default: forge } = await import('node-forge');
  const request = forge.pki.createCertificationRequest();
  request.publicKey = forge.pki.publicKeyFromPem(String(publicKey.export({ type: 'spki', format: 'pem' })));
  request.setSubject([{ name: 'commonName', value: device }]);
  const info = (forge.pki as unknown as InfoWriter).getCertificationRequestInfo(request);
  const tbs = Buffer.from(forge.asn1.toDer(info).getBytes(), 'binary');
  const signature = await signAsync('sha256', tbs, { key: privateKey, padding: constants.RSA_PKCS1_PADDING });
  request.signatureOid = String(forge.pki.oids.sha256WithRSAEncryption);
  request.signature = signature.toString('binary');
  return forge.pki.certificationRequestToPem(request);
}

/** A function of node-forge that its type declarations leave out: the part of the request that is signed. */
interface InfoWriter {
  getCertificationRequestInfo(request: pki.CertificateSigningRequest): Parameters<typeof pki.certificateFromAsn1>[0];
}
