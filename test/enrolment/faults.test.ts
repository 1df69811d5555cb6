import assert from 'node:assert/strict';
import { createServer } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import tls from 'node:tls';
import { CertsError, EstClient } from '../../certs/index.ts';
import { openPkcs12 } from '../../certs/pkcs12.ts';
import { makeSigningRequest } from '../../certs/signing-request.ts';
import { DevelopmentCa, type ServerCertificate } from '../../cloud/ca/index.ts';
import { EstServer } from '../../cloud/est/index.ts';
import { systemClock } from '../../core/clock.ts';
import { silentLog } from '../../core/log.ts';
import type { Bundle } from '../../protocol/bundle.ts';
import { CloudSide, device, enrolAt, newFolder, quickClock } from './cloud-side.ts';

const dayMs = 86_400_000;

/** Tries to enrol with a fresh folder; returns the error that stopped it, which must carry a remedy. */
async function refusal(bundle: Bundle, overrides: Parameters<typeof enrolAt>[2] = {}): Promise<CertsError> {
  const { folder, remove } = await newFolder();
  try {
    const error = await enrolAt(bundle, folder, overrides).then(
      () => assert.fail('enrolled'),
      (reason: unknown) => reason,
    );
    assert.ok(error instanceof CertsError, String(error));
    assert.ok(error.hint && error.hint.length > 20, 'says what to do');
    return error;
  } finally {
    await remove();
  }
}

describe('the appliance refuses a server that the bundle does not vouch for', () => {
  let cloud: CloudSide;
  let elsewhere: CloudSide;
  before(async () => {
    [cloud, elsewhere] = await Promise.all([CloudSide.start({ autoApprove: true }), CloudSide.start()]);
  });
  after(() => Promise.all([cloud.stop(), elsewhere.stop()]));

  /** The code with which a server showing this certificate is refused. */
  async function codeFor(certificate: (ca: DevelopmentCa) => Promise<ServerCertificate>): Promise<string> {
    const server = new EstServer({
      ca: cloud.ca,
      approvals: cloud.approvals,
      tls: await certificate(cloud.ca),
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      log: silentLog,
    });
    await server.start();
    try {
      const { bundle, passphrase } = await cloud.bundle({ est: { url: server.url } });
      return (await refusal(bundle, { passphrase })).code;
    } finally {
      await server.stop();
    }
  }

  const reopened = (lives: { serverDays: number }, offsetMs = 0) =>
    DevelopmentCa.open({ folder: join(cloud.folder, 'ca'), clock: quickClock(undefined, offsetMs), lives });

  test('wrong CA', async () => {
    assert.equal(await codeFor(() => elsewhere.ca.issueServerCertificate(['127.0.0.1'])), 'WRONG_CA');
  });

  test('wrong CA, even when this machine trusts it', async () => {
    const before = tls.getCACertificates('default');
    tls.setDefaultCACertificates([...before, elsewhere.ca.server.certificatePem]);
    try {
      assert.equal(await codeFor(() => elsewhere.ca.issueServerCertificate(['127.0.0.1'])), 'WRONG_CA');
    } finally {
      tls.setDefaultCACertificates(before);
    }
  });

  test('a device certificate shown by a server', async () => {
    const { bundle, passphrase } = await cloud.bundle();
    const pair = await openPkcs12(Buffer.from(bundle.onboarding.pkcs12, 'base64'), passphrase);
    assert.equal(await codeFor(async () => pair), 'WRONG_CA');
  });

  test('expired certificate', async () => {
    const code = await codeFor(async () => (await reopened({ serverDays: -1 })).issueServerCertificate(['127.0.0.1']));
    assert.equal(code, 'SERVER_CERTIFICATE_EXPIRED');
  });

  test('certificate that is not valid yet', async () => {
    const future = () => reopened({ serverDays: 90 }, 2 * dayMs);
    assert.equal(await codeFor(async () => (await future()).issueServerCertificate(['127.0.0.1'])), 'CLOCK_SUSPICIOUS');
  });

  test('certificate for another host', async () => {
    assert.equal(await codeFor((ca) => ca.issueServerCertificate(['hub.elsewhere'])), 'HOSTNAME_MISMATCH');
  });

  test('control: the right certificate is accepted', async () => {
    const { folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle();
    assert.equal((await enrolAt(bundle, folder, { passphrase })).deviceId, device);
    await remove();
  });
});

describe('the cloud side refuses, and the appliance says why', () => {
  let cloud: CloudSide;
  let elsewhere: CloudSide;
  const revoked = new Set<string>();
  before(async () => {
    const isRevoked = (name: string) => revoked.has(name);
    [cloud, elsewhere] = await Promise.all([CloudSide.start({ autoApprove: true, isRevoked }), CloudSide.start()]);
  });
  after(() => Promise.all([cloud.stop(), elsewhere.stop()]));

  test('onboarding certificate of another site', async () => {
    const { bundle, passphrase } = await cloud.bundle({}, await elsewhere.ca.issueOnboarding(device));
    assert.equal((await refusal(bundle, { passphrase })).code, 'CLIENT_CERTIFICATE_REFUSED');
  });

  test('expired onboarding certificate: by the appliance itself, and by the server', async () => {
    const lives = { onboardingDays: -1 };
    const late = await DevelopmentCa.open({ folder: join(cloud.folder, 'ca'), clock: systemClock, lives });
    const { bundle, passphrase } = await cloud.bundle({}, await late.issueOnboarding(device));
    assert.equal((await refusal(bundle, { passphrase })).code, 'ONBOARDING_EXPIRED');

    const pair = await openPkcs12(Buffer.from(bundle.onboarding.pkcs12, 'base64'), passphrase);
    const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock: quickClock() });
    const { requestPem } = await makeSigningRequest(device);
    await assert.rejects(est.enrol({ requestPem, pair }), { code: 'ONBOARDING_EXPIRED' });
    assert.deepEqual(cloud.approvals.all(), []);
  });

  test('revoked device', async () => {
    revoked.add('lab-9');
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-9' });
    assert.equal((await refusal(bundle, { passphrase })).code, 'REVOKED');
  });

  test('wrong passphrase, and none', async () => {
    const { bundle, passphrase } = await cloud.bundle();
    assert.equal((await refusal(bundle, { passphrase: `${passphrase}x` })).code, 'WRONG_PASSPHRASE');
    assert.equal((await refusal(bundle, { passphrase: '' })).code, 'WRONG_PASSPHRASE');
    assert.equal((await refusal(bundle)).code, 'PASSPHRASE_NEEDED');
  });

  test('a request for another device', async () => {
    const { bundle, passphrase } = await cloud.bundle();
    const pair = await openPkcs12(Buffer.from(bundle.onboarding.pkcs12, 'base64'), passphrase);
    const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock: quickClock() });
    const { requestPem } = await makeSigningRequest('lab-7');
    await assert.rejects(est.enrol({ requestPem, pair }), { code: 'WRONG_DEVICE' });
  });

  test('clock ten years behind or ahead: refused with the remedy', async () => {
    for (const [years, code] of [
      [-10, 'CLOCK_SUSPICIOUS'],
      [10, 'ONBOARDING_EXPIRED'],
    ] as const) {
      const { bundle, passphrase } = await cloud.bundle();
      const error = await refusal(bundle, { passphrase, clock: quickClock(undefined, years * 365 * dayMs) });
      assert.equal(error.code, code);
      assert.match(error.hint ?? '', /clock|date and time/);
    }
  });
});

describe('trouble that passes', () => {
  let cloud: CloudSide;
  before(async () => {
    cloud = await CloudSide.start({ autoApprove: true });
  });
  after(() => cloud.stop());

  test('server down, then in trouble, then well: enrolled without anybody doing a thing', async () => {
    let failures = 2;
    const { folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle();
    const codes: unknown[] = [];
    await cloud.est.stop();
    const port = Number(new URL(bundle.est.url).port);
    const again = new EstServer({
      ca: cloud.ca,
      approvals: cloud.approvals,
      tls: await cloud.ca.issueServerCertificate(['127.0.0.1']),
      host: '127.0.0.1',
      port,
      clock: systemClock,
      log: silentLog,
      onApproved: async () => {
        assert.equal(cloud.approvals.all()[0]?.state, 'approved', 'nothing is issued before DPS knows the device');
        if (failures-- > 0) throw new Error('the registry is locked');
      },
    });
    const clock = {
      ...quickClock(),
      sleep: async () => {
        if (codes.length === 2) await again.start();
      },
    };
    const onRetry = (error: unknown) => codes.push(error instanceof CertsError ? error.code : error);
    const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock, onRetry });
    const identity = await enrolAt(bundle, folder, { passphrase, clock, est });
    assert.equal(identity.deviceId, device);
    assert.deepEqual(codes, ['UNREACHABLE', 'UNREACHABLE', 'SERVER_FAILED', 'SERVER_FAILED']);
    await again.stop();
    await remove();
  });

  test('a server that accepts and says nothing: unreachable after the deadline; an abort ends the waiting', async () => {
    const silent = createServer();
    await new Promise<void>((resolve) => silent.listen(0, '127.0.0.1', resolve));
    const { port } = silent.address() as { port: number };
    const stop = new AbortController();
    const retried = Promise.withResolvers<unknown>();
    const est = new EstClient({
      url: `https://127.0.0.1:${port}`,
      caPem: cloud.ca.server.certificatePem,
      clock: systemClock,
      deadlineMs: 100,
      onRetry: retried.resolve,
    });
    const asked = est.caCertificates(stop.signal).catch((reason: unknown) => reason);
    try {
      const error = await retried.promise;
      assert.ok(error instanceof CertsError && error.code === 'UNREACHABLE');
      stop.abort(new Error('enough'));
      assert.equal(((await asked) as Error).name, 'AbortError');
    } finally {
      silent.close();
    }
  });

  test('without a CA nobody is trusted, not even whom this machine trusts', async () => {
    const est = new EstClient({ url: 'https://127.0.0.1:9', caPem: '', clock: systemClock });
    await assert.rejects(est.caCertificates(), { code: 'BUNDLE_INVALID' });
  });
});
