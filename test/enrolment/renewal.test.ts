import assert from 'node:assert/strict';
import { createPublicKey, X509Certificate } from 'node:crypto';
import { existsSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import {
  type CertsError,
  daysLeft,
  EstClient,
  KeyFolder,
  type OperationalIdentity,
  type RenewDeps,
  renew,
  renewalDue,
} from '../../certs/index.ts';
import { openPkcs12 } from '../../certs/pkcs12.ts';
import { makeSigningRequest } from '../../certs/signing-request.ts';
import { DevelopmentCa } from '../../cloud/ca/index.ts';
import { systemClock } from '../../core/clock.ts';
import { CloudSide, device, enrolAt, newFolder, quickClock } from './cloud-side.ts';

const dayMs = 86_400_000;
const later = (days: number) => new Date(Date.now() + days * dayMs);
const keyOf = (identity: OperationalIdentity) =>
  createPublicKey(identity.keyPem).export({ type: 'spki', format: 'pem' });

describe('renewal', () => {
  let cloud: CloudSide;
  const revoked = new Set<string>();
  before(async () => {
    cloud = await CloudSide.start({ autoApprove: true, isRevoked: (name) => revoked.has(name) });
  });
  after(() => cloud.stop());

  async function enrolled(name = device) {
    const place = await newFolder();
    const { bundle, passphrase } = await cloud.bundle({ device: name });
    const identity = await enrolAt(bundle, place.folder, { passphrase });
    const est = new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock: quickClock() });
    const deps = (prove: RenewDeps['prove'], folder = place.folder): RenewDeps => ({
      folder,
      est,
      prove,
      clock: quickClock(),
    });
    return { ...place, bundle, passphrase, identity, est, deps };
  }

  test('due from two thirds of 90 days on; days left count down and below zero', async () => {
    const { identity, remove } = await enrolled();
    assert.deepEqual(
      [later(59), later(61)].map((now) => renewalDue(identity, now)),
      [false, true],
    );
    assert.deepEqual(
      [later(0), later(89.5), later(91)].map((now) => daysLeft(identity.notAfter, now)),
      [89, 0, -2],
    );
    await remove();
  });

  test('the new pair is proved before the old one goes', async () => {
    const { path, identity, deps, remove } = await enrolled();
    const kept = () => readFileSync(join(path, 'operational.pem'), 'utf8');
    let provedWith: OperationalIdentity | undefined;
    const renewed = await renew(
      deps(async (candidate) => {
        assert.ok(kept().includes(identity.certificatePem.trim()), 'the old pair is still the one in use');
        provedWith = candidate;
      }),
      identity,
    );
    assert.deepEqual(renewed, provedWith);
    assert.notEqual(keyOf(renewed), keyOf(identity), 'a new key');
    assert.ok(kept().includes(renewed.certificatePem.trim()));
    assert.deepEqual(
      ['candidate.pem', 'request.json'].filter((name) => existsSync(join(path, name))),
      [],
    );
    const certificate = new X509Certificate(renewed.certificatePem);
    assert.ok(certificate.verify(cloud.ca.operational.certificate.publicKey));
    await remove();
  });

  test('not proved: the old pair stays, and after a restart the same new pair is tried again', async () => {
    const { path, identity, deps, est, remove } = await enrolled();
    const tried: string[] = [];
    const failing = async (candidate: OperationalIdentity) => {
      tried.push(candidate.certificatePem);
      throw new Error('the hub does not know it yet');
    };
    await assert.rejects(renew(deps(failing), identity), /does not know it yet/);
    const restarted = await KeyFolder.open(path);
    const never = async () => assert.fail('a second certificate was asked for');
    const again = { ...deps(async (candidate) => void tried.push(candidate.certificatePem), restarted) };
    const renewed = await renew({ ...again, est: { caCertificates: never, reenrol: never } }, identity);
    assert.deepEqual(tried, [renewed.certificatePem, renewed.certificatePem]);
    const third = await renew({ ...again, est }, renewed);
    assert.notEqual(keyOf(third), keyOf(renewed), 'the next renewal makes a key of its own');
    await remove();
  });

  test('wall clock by ±10 years: neither the pair in use nor the one that waits is given up, and renewal goes on afterwards', async () => {
    const { path, identity, deps, remove } = await enrolled();
    const failing = async () => assert.fail('not proved');
    await assert.rejects(renew(deps(failing), identity));
    const files = () => ['operational.pem', 'candidate.pem'].map((name) => readFileSync(join(path, name), 'utf8'));
    const before = files();
    for (const years of [10, -10]) {
      const wall = new Date(Date.now() + years * 365.25 * 86_400_000);
      await assert.rejects(renew({ ...deps(failing), clock: { ...systemClock, now: () => wall } }, identity));
      assert.deepEqual(files(), before);
    }
    let proved: OperationalIdentity | undefined;
    const renewed = await renew(
      deps(async (candidate) => {
        proved = candidate;
      }),
      identity,
    );
    assert.deepEqual(renewed, proved);
    assert.ok(before[1]?.includes(renewed.certificatePem.trim()), 'the very one that waited');
    await remove();
  });

  test('killed before the answer was kept: the same key is asked for again and gets the same certificate', async () => {
    const { path, identity, deps, est, remove } = await enrolled('lab-20');
    const answers: string[] = [];
    const losing: RenewDeps['est'] = {
      caCertificates: () => est.caCertificates(),
      reenrol: async (enrolment) => {
        answers.push(String((await est.reenrol(enrolment))[0]));
        throw new Error('killed here');
      },
    };
    await assert.rejects(renew({ ...deps(async () => {}), est: losing }, identity), /killed here/);
    const renewed = await renew(
      deps(async () => {}, await KeyFolder.open(path)),
      identity,
    );
    assert.deepEqual(answers, [renewed.certificatePem]);
    assert.equal(
      cloud.approvals.all().filter((entry) => entry.device === 'lab-20').length,
      2,
      'one enrolment, one renewal',
    );
    await remove();
  });

  test('a request whose key is in use already is a leftover, not a renewal', async () => {
    const { path, identity, folder, deps, remove } = await enrolled('lab-21');
    const request = { device: 'lab-21', keyPem: identity.keyPem, requestPem: 'left by a kill after the promotion' };
    folder.replace('request.json', JSON.stringify(request));
    const renewed = await renew(
      deps(async () => {}, await KeyFolder.open(path)),
      identity,
    );
    assert.notEqual(keyOf(renewed), keyOf(identity));
    await remove();
  });

  test("another device's certificate cannot renew this one", async () => {
    const [mine, other] = [await enrolled('lab-22'), await enrolled('lab-23')];
    const { requestPem } = await makeSigningRequest('lab-22');
    await assert.rejects(mine.est.reenrol({ requestPem, pair: other.identity }), { code: 'WRONG_DEVICE' });
    await Promise.all([mine.remove(), other.remove()]);
  });

  test('each kind of certificate opens its own operation only', async () => {
    const { bundle, passphrase, identity, est, remove } = await enrolled('lab-24');
    const onboarding = await openPkcs12(Buffer.from(bundle.onboarding.pkcs12, 'base64'), passphrase);
    const { requestPem } = await makeSigningRequest('lab-24');
    await assert.rejects(est.reenrol({ requestPem, pair: onboarding }), { code: 'CLIENT_CERTIFICATE_REFUSED' });
    await assert.rejects(est.enrol({ requestPem, pair: identity }), { code: 'CLIENT_CERTIFICATE_REFUSED' });
    await assert.rejects(est.enrol({ requestPem, pair: onboarding }), { code: 'ALREADY_USED' });
    await remove();
  });

  test('revoked, or expired: no renewal, and nothing on disk is lost', async () => {
    const { path, identity, folder, bundle, deps, remove } = await enrolled('lab-25');
    revoked.add('lab-25');
    const never = async () => assert.fail('proved');
    await assert.rejects(renew(deps(never), identity), { code: 'REVOKED' });
    revoked.delete('lab-25');

    const lives = { operationalDays: -1 };
    const late = await DevelopmentCa.open({ folder: join(cloud.folder, 'ca'), clock: systemClock, lives });
    const key = { fingerprint: '' as never, commonName: 'lab-25', publicKey: createPublicKey(identity.keyPem) };
    const expired = await late.issueOperational(key, 'lab-25');
    folder.replace('operational.pem', `${identity.keyPem}${expired}`);
    const kept = await enrolAt(bundle, await KeyFolder.open(path));
    assert.equal(kept.certificatePem, expired, 'an expired identity is still returned: all that is local goes on');
    await assert.rejects(renew(deps(never), kept), { code: 'OPERATIONAL_EXPIRED' });
    const server: CertsError = await new EstClient({ url: bundle.est.url, caPem: bundle.serverCa, clock: quickClock() })
      .reenrol({ ...(await makeSigningRequest('lab-25')), pair: kept })
      .then(
        () => assert.fail('renewed'),
        (reason) => reason,
      );
    assert.equal(server.code, 'OPERATIONAL_EXPIRED', 'the server says the same');
    assert.match(readFileSync(join(path, 'operational.pem'), 'utf8'), /BEGIN PRIVATE KEY/);

    const fresh = await cloud.bundle({ device: 'lab-25' });
    const back = await enrolAt(fresh.bundle, folder, { passphrase: fresh.passphrase, replaceExpired: true });
    assert.notEqual(keyOf(back), keyOf(kept), 'a new bundle brings it back, with a new key');
    await remove();
  });
});
