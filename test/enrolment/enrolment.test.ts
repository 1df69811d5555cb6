import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { existsSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { inGroups, KeyFolder, readBundle } from '../../certs/index.ts';
import { CloudSide, device, enrolAt, newFolder, quickClock } from './cloud-side.ts';

describe('enrolment over real TLS', () => {
  let cloud: CloudSide;
  const approved: string[] = [];
  before(async () => {
    cloud = await CloudSide.start({ onApproved: async (name) => void approved.push(name) });
  });
  after(() => cloud.stop());

  test('from bundle file to operational certificate: waits for approval, verifies with openssl, leaves no onboarding key', async () => {
    const { path, folder, remove } = await newFolder();
    const file = await cloud.bundleFile();
    writeFileSync(join(path, 'bundle.json'), file.text);
    const { bundle, fingerprint } = await readBundle(join(path, 'bundle.json'));
    assert.equal(fingerprint, file.fingerprint, 'both sides show the same fingerprint');

    const shown: string[] = [];
    const waits: number[] = [];
    const clock = quickClock((ms) => {
      waits.push(ms);
      const [request] = cloud.approvals.pending();
      if (waits.length === 3) cloud.approvals.approve(request!.device, request!.fingerprint);
    });
    const identity = await enrolAt(bundle, folder, {
      passphrase: file.passphrase,
      clock,
      onWaiting: (waiting) => shown.push(waiting.fingerprint),
    });

    assert.deepEqual(waits, [10_000, 10_000, 10_000], 'waits as long as Retry-After says');
    const [request] = cloud.approvals.all();
    assert.deepEqual(new Set(shown), new Set([request!.fingerprint]), 'the person sees the same key on both sides');
    assert.match(inGroups(shown[0]!), /^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
    assert.deepEqual(approved, [device], 'DPS heard of the device before the certificate left');

    const certificate = new X509Certificate(identity.certificatePem);
    assert.equal(certificate.subject, `CN=${device}`);
    assert.equal(identity.deviceId, device);
    assert.equal(identity.assignedHub, 'hub.local');
    assert.equal(identity.notAfter.getTime(), certificate.validToDate.getTime());
    writeFileSync(join(path, 'leaf.pem'), identity.certificatePem);
    writeFileSync(join(path, 'ca.pem'), cloud.ca.operational.certificatePem);
    const chain = [
      'verify',
      '-x509_strict',
      '-purpose',
      'sslclient',
      '-CAfile',
      join(path, 'ca.pem'),
      join(path, 'leaf.pem'),
    ];
    assert.match(execFileSync('openssl', chain, { encoding: 'utf8' }), /: OK/);

    assert.ok(!existsSync(join(path, 'onboarding.json')), 'the onboarding key is erased');
    assert.ok(!existsSync(join(path, 'request.json')));
    for (const name of readdirSync(path).filter(
      (name) => name !== 'bundle.json' && !name.startsWith('ca') && !name.startsWith('leaf'),
    )) {
      assert.equal(statSync(join(path, name)).mode & 0o777, 0o600, name);
    }
    assert.equal(statSync(path).mode & 0o777, 0o700);
    await remove();
  });

  test('an enrolled appliance needs neither network nor passphrase, even after a restart', async () => {
    const { path, folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle();
    const approve = quickClock(() => {
      for (const request of cloud.approvals.pending()) cloud.approvals.approve(request.device, request.fingerprint);
    });
    const first = await enrolAt(bundle, folder, { passphrase, clock: approve });
    const never = async () => assert.fail('the network was used');
    const again = await enrolAt(bundle, await KeyFolder.open(path), {
      est: { caCertificates: never, enrol: never },
      dps: { register: never },
    });
    assert.deepEqual(again, first);
    await assert.rejects(enrolAt({ ...bundle, device: 'other' }, folder), { code: 'WRONG_DEVICE' });
    await remove();
  });

  test('a denial is told, and a later approval of the same key still helps', async () => {
    const { folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-3' });
    const deny = quickClock(() => {
      for (const { device, fingerprint } of cloud.approvals.pending()) cloud.approvals.deny(device, fingerprint);
    });
    await assert.rejects(enrolAt(bundle, folder, { passphrase, clock: deny }), { code: 'DENIED' });
    const request = cloud.approvals.all().find((entry) => entry.device === 'lab-3')!;
    assert.equal(request.state, 'denied');
    cloud.approvals.approve(request.device, request.fingerprint);
    assert.equal((await enrolAt(bundle, folder, {})).deviceId, 'lab-3');
    assert.equal(cloud.approvals.all().filter((entry) => entry.device === 'lab-3').length, 1);
    await remove();
  });

  test('the onboarding certificate serves one key: a second appliance with the same bundle is refused', async () => {
    const [one, two] = [await newFolder(), await newFolder()];
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-4' });
    const approve = quickClock(() => {
      for (const request of cloud.approvals.pending()) cloud.approvals.approve(request.device, request.fingerprint);
    });
    await enrolAt(bundle, one.folder, { passphrase, clock: approve });
    await assert.rejects(enrolAt(bundle, two.folder, { passphrase, clock: approve }), { code: 'ALREADY_USED' });
    const issued = cloud.approvals.all().filter((entry) => entry.device === 'lab-4');
    assert.deepEqual(
      issued.map((entry) => entry.state),
      ['issued'],
    );
    await Promise.all([one.remove(), two.remove()]);
  });

  test('two appliances race with one bundle, both approved: exactly one gets a certificate', async () => {
    const [one, two] = [await newFolder(), await newFolder()];
    const { bundle, passphrase } = await cloud.bundle({ device: 'lab-5' });
    const approve = quickClock(() => {
      const waiting = cloud.approvals.pending();
      if (waiting.length < 2) return;
      for (const request of waiting) cloud.approvals.approve(request.device, request.fingerprint);
    });
    const race = [one, two].map(({ folder }) => enrolAt(bundle, folder, { passphrase, clock: approve }));
    const results = await Promise.allSettled(race);
    assert.deepEqual(results.map(({ status }) => status).sort(), ['fulfilled', 'rejected']);
    const lost = results.find((result) => result.status === 'rejected');
    assert.equal(lost?.reason.code, 'ALREADY_USED');
    await Promise.all([one.remove(), two.remove()]);
  });
});
