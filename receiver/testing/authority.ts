import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import forge from 'node-forge';

const generate = promisify(generateKeyPair);
const dayMs = 86_400_000;

/** A certificate and its key, PEM. */
export interface Credential {
  readonly certPem: string;
  readonly keyPem: string;
}

export interface LeafOptions {
  readonly commonName: string;
  readonly usage?: 'clientAuth' | 'serverAuth';
  readonly isCa?: boolean;
  readonly notBefore?: Date;
  readonly notAfter?: Date;
  readonly bits?: number;
}

/** A throw-away RSA certificate authority for tests. */
export class TestAuthority {
  readonly certPem: string;
  readonly #certificate: forge.pki.Certificate;
  readonly #key: forge.pki.rsa.PrivateKey;

  private constructor(certificate: forge.pki.Certificate, key: forge.pki.rsa.PrivateKey) {
    this.#certificate = certificate;
    this.#key = key;
    this.certPem = forge.pki.certificateToPem(certificate);
  }

  static async make(commonName: string): Promise<TestAuthority> {
    const { publicKey, keyPem } = await keyPair(2048);
    const certificate = draft({ commonName, isCa: true }, publicKey);
    const key = forge.pki.privateKeyFromPem(keyPem);
    certificate.setIssuer(certificate.subject.attributes);
    certificate.sign(key, forge.md.sha256.create());
    return new TestAuthority(certificate, key);
  }

  async issue(options: LeafOptions): Promise<Credential> {
    const { publicKey, keyPem } = await keyPair(options.bits ?? 2048);
    const certificate = draft(options, publicKey);
    certificate.setIssuer(this.#certificate.subject.attributes);
    certificate.sign(this.#key, forge.md.sha256.create());
    return { certPem: forge.pki.certificateToPem(certificate), keyPem };
  }

  /** A server certificate for the loopback interface. */
  async issueServer(): Promise<Credential> {
    return this.issue({ commonName: 'localhost', usage: 'serverAuth' });
  }
}

let serial = 1;

function draft(options: LeafOptions, publicKey: forge.pki.rsa.PublicKey): forge.pki.Certificate {
  const certificate = forge.pki.createCertificate();
  certificate.publicKey = publicKey;
  certificate.serialNumber = `01${(serial++).toString(16).padStart(6, '0')}`;
  certificate.validity.notBefore = options.notBefore ?? new Date(Date.now() - dayMs);
  certificate.validity.notAfter = options.notAfter ?? new Date(Date.now() + 7 * dayMs);
  certificate.setSubject([{ name: 'commonName', value: options.commonName }]);
  const names = [
    { type: 2, value: 'localhost' },
    { type: 7, ip: '127.0.0.1' },
  ];
  certificate.setExtensions([
    { name: 'basicConstraints', critical: true, cA: options.isCa ?? false },
    ...(options.isCa ? [] : [{ name: 'extKeyUsage', [options.usage ?? 'clientAuth']: true }]),
    ...(options.usage === 'serverAuth' ? [{ name: 'subjectAltName', altNames: names }] : []),
  ]);
  return certificate;
}

async function keyPair(bits: number): Promise<{ publicKey: forge.pki.rsa.PublicKey; keyPem: string }> {
  const { publicKey, privateKey } = await generate('rsa', {
    modulusLength: bits,
    publicKeyEncoding: { type: 'spki', format: 'pem' },
    privateKeyEncoding: { type: 'pkcs8', format: 'pem' },
  });
  return { publicKey: forge.pki.publicKeyFromPem(publicKey), keyPem: privateKey };
}
