import { mkdtemp, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { type EnrolDeps, EstClient, enrol, KeyFolder, type OperationalIdentity } from '../../certs/index.ts';
import { createBundle } from '../../cloud/bundle.ts';
import { type CertificateLives, DevelopmentCa, type Pkcs12, type ServerCertificate } from '../../cloud/ca/index.ts';
import { Approvals, EstServer, type EstServerDeps } from '../../cloud/est/index.ts';
import { type Clock, systemClock } from '../../core/clock.ts';
import { generateEcKeyPair } from '../../core/envelope.ts';
import { silentLog } from '../../core/log.ts';
import { type Bundle, bundleSchema } from '../../protocol/bundle.ts';

export const device = 'lab-2.vestibule';

/** Real time for dates; waiting costs one turn of the event loop, and calls `onSleep`. */
export function quickClock(onSleep: (ms: number) => void = () => {}, offsetMs = 0): Clock {
  return {
    now: () => new Date(Date.now() + offsetMs),
    monotonicMs: systemClock.monotonicMs,
    bootId: 'test',
    async sleep(ms, signal) {
      onSleep(ms);
      await new Promise((resolve) => setImmediate(resolve));
      signal?.throwIfAborted();
    },
  };
}

interface CloudOptions extends Partial<Pick<EstServerDeps, 'onApproved' | 'isRevoked'>> {
  readonly autoApprove?: boolean;
  readonly lives?: Partial<CertificateLives>;
  /** The certificate the server shows; default: a good one. */
  readonly tls?: (ca: DevelopmentCa) => Promise<ServerCertificate>;
}

/** A real cloud side for enrolment (authorities, approvals, EST server) in a temporary folder. */
export class CloudSide {
  readonly folder: string;
  readonly ca: DevelopmentCa;
  readonly approvals: Approvals;
  readonly est: EstServer;

  private constructor(parts: Pick<CloudSide, 'folder' | 'ca' | 'approvals' | 'est'>) {
    this.folder = parts.folder;
    this.ca = parts.ca;
    this.approvals = parts.approvals;
    this.est = parts.est;
  }

  static async start({ autoApprove = false, lives = {}, tls, ...hooks }: CloudOptions = {}): Promise<CloudSide> {
    const folder = await mkdtemp(join(tmpdir(), 'vestibule-cloud-'));
    const ca = await DevelopmentCa.open({ folder: join(folder, 'ca'), clock: systemClock, lives });
    const approvals = new Approvals({ path: join(folder, 'approvals.db'), clock: systemClock, autoApprove });
    const certificate = await (tls?.(ca) ?? ca.issueServerCertificate(['localhost', '127.0.0.1']));
    const base = { ca, approvals, tls: certificate, host: '127.0.0.1', port: 0, clock: systemClock, log: silentLog };
    const est = new EstServer({ ...base, ...hooks });
    await est.start();
    return new CloudSide({ folder, ca, approvals, est });
  }

  /** A bundle for `device`, as it would be read, and what opens it. */
  async bundle(changes: Partial<Bundle> = {}, onboarding?: Pkcs12): Promise<{ bundle: Bundle; passphrase: string }> {
    const pkcs12 = onboarding ?? (await this.ca.issueOnboarding(changes.device ?? device));
    const { text } = await this.#sign(pkcs12);
    const payload = JSON.parse(Buffer.from(JSON.parse(text).payload, 'base64url').toString());
    return { bundle: { ...bundleSchema.parse(payload), ...changes }, passphrase: pkcs12.passphrase };
  }

  /** The bundle file's text and its passphrase. */
  async bundleFile(): Promise<{ text: string; fingerprint: string; passphrase: string }> {
    const pkcs12 = await this.ca.issueOnboarding(device);
    return { ...(await this.#sign(pkcs12)), passphrase: pkcs12.passphrase };
  }

  async stop(): Promise<void> {
    await this.est.stop();
    this.approvals.close();
    await rm(this.folder, { recursive: true });
  }

  #sign(pkcs12: Pkcs12) {
    const key = { kid: 'r1', ...generateEcKeyPair().publicKey } as Bundle['receiptKeys'][number];
    return createBundle(
      { folder: this.folder, clock: systemClock },
      {
        site: 'hospital-north',
        device,
        serverCa: this.ca.server.certificatePem,
        est: { url: this.est.url },
        dps: { host: 'localhost', port: 8883, idScope: '0ne0000' },
        hub: { mqttPort: 8883, httpsPort: 443 },
        receiptKeys: [key],
        recipients: [key],
        pkcs12: pkcs12.bytes,
      },
    );
  }
}

/** An appliance's key folder in a temporary place. */
export async function newFolder(): Promise<{ path: string; folder: KeyFolder; remove: () => Promise<void> }> {
  const path = await mkdtemp(join(tmpdir(), 'vestibule-keys-'));
  return { path, folder: await KeyFolder.open(path), remove: () => rm(path, { recursive: true }) };
}

type Overrides = Partial<Omit<EnrolDeps, 'bundle' | 'folder'>>;

/** Enrols over real TLS. DPS is answered here; `test/enrolment/dps.test.ts` has the real one. */
export function enrolAt(bundle: Bundle, folder: KeyFolder, overrides: Overrides = {}): Promise<OperationalIdentity> {
  const clock = overrides.clock ?? quickClock();
  const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock });
  const dps = { register: async () => ({ assignedHub: 'hub.local', deviceId: bundle.device }) };
  return enrol({ bundle, folder, est, dps, clock, ...overrides });
}
