import { createPrivateKey, generateKeyPair, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { promisify } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { writeFileDurable } from '../../core/files.ts';
import { type CertificatePlan, type Signer, signCertificate } from './certificate.ts';
import { AuthorityError } from './errors.ts';

const generate = promisify(generateKeyPair);

const dayMs = 86_400_000;
const authorityLifeMs = 3650 * dayMs;
/** Certificates start this long ago, so that a device whose clock is a little late accepts its own. */
const backdateMs = 5 * 60_000;

/** What the caller decides about a certificate; the authority adds issuer, serial number and times. */
export interface Issue extends Pick<CertificatePlan, 'commonName' | 'publicKey' | 'purpose'> {
  /** Milliseconds from now to `notAfter`. Negative: a certificate that expired already, for tests. */
  readonly lifeMs: number;
}

/**
 * One self-signed certificate authority (EC P-256): key and certificate in one file of mode 0600, so that a crash
 * never leaves one without the other. It issues leaf certificates only (`pathLenConstraint` 0).
 */
export class CertificateAuthority {
  readonly #signer: Signer;
  readonly #clock: Clock;
  readonly certificate: X509Certificate;

  private constructor(signer: Signer, certificate: X509Certificate, clock: Clock) {
    this.#signer = signer;
    this.certificate = certificate;
    this.#clock = clock;
  }

  /** Opens the authority `name` of this folder; makes it at the first start. */
  static async open(folder: string, name: string, clock: Clock): Promise<CertificateAuthority> {
    const path = join(folder, `${name}-ca.pem`);
    if (!existsSync(path)) writeFileDurable(path, await createAuthority(`Vestibule ${name} CA`, clock));
    const { signer, certificate } = readAuthority(path, name);
    return new CertificateAuthority(signer, certificate, clock);
  }

  get certificatePem(): string {
    return this.certificate.toString();
  }

  /** Issues one leaf certificate, signed before this resolves and written nowhere. */
  issue({ lifeMs, ...plan }: Issue): Promise<X509Certificate> {
    const now = this.#clock.now().getTime();
    const notAfter = new Date(now + lifeMs);
    const notBefore = new Date(Math.min(now, notAfter.getTime()) - backdateMs);
    return signCertificate({ ...plan, notBefore, notAfter }, this.#signer);
  }
}

async function createAuthority(commonName: string, clock: Clock): Promise<string> {
  const keys = await generate('ec', { namedCurve: 'P-256' });
  const now = clock.now().getTime();
  const certificate = await signCertificate(
    {
      commonName,
      publicKey: keys.publicKey,
      purpose: { kind: 'authority' },
      notBefore: new Date(now - backdateMs),
      notAfter: new Date(now + authorityLifeMs),
    },
    { commonName, ...keys },
  );
  return `${keys.privateKey.export({ type: 'pkcs8', format: 'pem' })}${certificate.toString()}`;
}

function readAuthority(path: string, name: string): { signer: Signer; certificate: X509Certificate } {
  try {
    const text = readFileSync(path, 'utf8');
    const certificate = new X509Certificate(text);
    const privateKey = createPrivateKey(text);
    if (!certificate.checkPrivateKey(privateKey)) throw new Error('the key is not the one of the certificate');
    const commonName = certificate.subject.replace(/^CN=/, '');
    return { signer: { commonName, publicKey: certificate.publicKey, privateKey }, certificate };
  } catch (cause) {
    throw new AuthorityError('AUTHORITY_DAMAGED', `expected key and certificate of the ${name} CA in its file`, {
      hint: 'Restore the file from a backup. A new CA would mean that every appliance enrols again.',
      cause,
    });
  }
}
