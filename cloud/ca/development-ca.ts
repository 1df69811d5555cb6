import { generateKeyPair } from 'node:crypto';
import { promisify } from 'node:util';
import type { Clock } from '../../core/clock.ts';
import { makeFolder, sweepPartials } from '../../core/files.ts';
import { CertificateAuthority } from './authority.ts';
import { type Pkcs12, packPkcs12 } from './pkcs12.ts';
import type { SigningRequest } from './signing-request.ts';

const generate = promisify(generateKeyPair);
const dayMs = 86_400_000;

/** Lifetimes of what is issued, in days; fractions and negative numbers serve tests. */
export interface CertificateLives {
  readonly serverDays: number;
  readonly onboardingDays: number;
  readonly operationalDays: number;
}

export const defaultLives: CertificateLives = { serverDays: 90, onboardingDays: 7, operationalDays: 90 };

/** A server's TLS credentials, PEM. */
export interface ServerCertificate {
  readonly certificatePem: string;
  readonly keyPem: string;
}

/**
 * The cloud side's own certificate authorities, made at first start: three roots that never vouch for each other.
 * `server` vouches for hub, receiver and EST server, `onboarding` for the single-use certificates in bundles,
 * `operational` for enrolled appliances.
 */
export class DevelopmentCa {
  readonly server: CertificateAuthority;
  readonly onboarding: CertificateAuthority;
  readonly operational: CertificateAuthority;
  readonly #lives: CertificateLives;

  private constructor(
    authorities: Pick<DevelopmentCa, 'server' | 'onboarding' | 'operational'>,
    lives: CertificateLives,
  ) {
    this.server = authorities.server;
    this.onboarding = authorities.onboarding;
    this.operational = authorities.operational;
    this.#lives = lives;
  }

  /** Opens the authorities kept in `folder` (0700), making those that are missing. */
  static async open(deps: {
    readonly folder: string;
    readonly clock: Clock;
    readonly lives?: Partial<CertificateLives>;
  }): Promise<DevelopmentCa> {
    const folder = await makeFolder(deps.folder);
    sweepPartials(folder);
    const authorities = {
      server: await CertificateAuthority.open(folder, 'server', deps.clock),
      onboarding: await CertificateAuthority.open(folder, 'onboarding', deps.clock),
      operational: await CertificateAuthority.open(folder, 'operational', deps.clock),
    };
    return new DevelopmentCa(authorities, { ...defaultLives, ...deps.lives });
  }

  /** A fresh P-256 key pair and certificate for a server. `names`: host names and IP addresses, the first is its CN. */
  async issueServerCertificate(names: readonly [string, ...string[]]): Promise<ServerCertificate> {
    const { publicKey, privateKey } = await generate('ec', { namedCurve: 'P-256' });
    const certificate = await this.server.issue({
      commonName: names[0],
      publicKey,
      purpose: { kind: 'server', names },
      lifeMs: this.#lives.serverDays * dayMs,
    });
    const keyPem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    return { certificatePem: certificate.toString(), keyPem };
  }

  /** A short-lived onboarding pair for one device. RSA, because node-forge reads only that from a PKCS#12. */
  async issueOnboarding(device: string): Promise<Pkcs12> {
    const { publicKey, privateKey } = await generate('rsa', { modulusLength: 3072 });
    const certificate = await this.onboarding.issue({
      commonName: device,
      publicKey,
      purpose: { kind: 'device' },
      lifeMs: this.#lives.onboardingDays * dayMs,
    });
    return packPkcs12(privateKey, certificate);
  }

  /**
   * The operational certificate of an approved device, PEM. Only the public key comes from the request (whose
   * signature `readSigningRequest` has verified); name, extensions and life are ours.
   */
  async issueOperational(request: SigningRequest, device: string): Promise<string> {
    const certificate = await this.operational.issue({
      commonName: device,
      publicKey: request.publicKey,
      purpose: { kind: 'device' },
      lifeMs: this.#lives.operationalDays * dayMs,
    });
    return certificate.toString();
  }
}
