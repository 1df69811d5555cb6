import assert from 'node:assert/strict';
import { execFileSync, spawnSync } from 'node:child_process';
import { generateKeyPairSync, X509Certificate } from 'node:crypto';
import { mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { DevelopmentCa } from './development-ca.ts';
import { readSigningRequest } from './signing-request.ts';

describe('the development CA', () => {
  let folder: string;
  let ca: DevelopmentCa;
  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vestibule-ca-'));
    ca = await DevelopmentCa.open({ folder: join(folder, 'ca'), clock: systemClock });
  });
  after(() => rmSync(folder, { recursive: true }));

  const write = (name: string, content: string | Uint8Array) => {
    writeFileSync(join(folder, name), content);
    return name;
  };
  const openssl = (...args: string[]) => {
    const { stdout, stderr, status } = spawnSync('openssl', args, { cwd: folder });
    return { status, said: `${stdout}${stderr}`, out: stdout };
  };
  const verify = (authority: string, leaf: string, ...more: string[]) =>
    openssl('verify', '-x509_strict', ...more, '-CAfile', write('ca.pem', authority), write('leaf.pem', leaf));

  async function operational(device = 'lab-2'): Promise<string> {
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    return ca.issueOperational({ publicKey, commonName: 'whatever', fingerprint: '' as never }, device);
  }

  test('keeps its authorities: found again at the next start, in files of mode 0600', async () => {
    const again = await DevelopmentCa.open({ folder: join(folder, 'ca'), clock: systemClock });
    assert.equal(again.server.certificatePem, ca.server.certificatePem);
    assert.equal(again.operational.certificatePem, ca.operational.certificatePem);
    const files = readdirSync(join(folder, 'ca'));
    assert.deepEqual(files, ['onboarding-ca.pem', 'operational-ca.pem', 'server-ca.pem']);
    for (const name of files) assert.equal(statSync(join(folder, 'ca', name)).mode & 0o777, 0o600);
    assert.equal(statSync(join(folder, 'ca')).mode & 0o777, 0o700);
  });

  test('a damaged authority is refused, not replaced', async () => {
    const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const other = join(folder, 'damaged');
    await DevelopmentCa.open({ folder: other, clock: systemClock });
    const foreign = `${privateKey.export({ type: 'pkcs8', format: 'pem' })}${ca.server.certificatePem}`;
    for (const content of ['', foreign]) {
      writeFileSync(join(other, 'server-ca.pem'), content);
      await assert.rejects(DevelopmentCa.open({ folder: other, clock: systemClock }), { code: 'AUTHORITY_DAMAGED' });
    }
  });

  test('openssl verifies server certificates strictly, for each name and address, and not for others', async () => {
    const names = ['hub.example', '127.0.0.1', '::1', '2001:db8::8:800:200c:417a'] as const;
    const { certificatePem } = await ca.issueServerCertificate([...names]);
    const authority = ca.server.certificatePem;
    assert.equal(verify(authority, certificatePem, '-purpose', 'sslserver').status, 0);
    assert.equal(verify(authority, certificatePem, '-verify_hostname', 'hub.example').status, 0);
    for (const address of names.slice(1))
      assert.equal(verify(authority, certificatePem, '-verify_ip', address).status, 0);
    assert.notEqual(verify(authority, certificatePem, '-verify_hostname', 'elsewhere.example').status, 0);
    assert.notEqual(verify(authority, certificatePem, '-purpose', 'sslclient').status, 0, 'no client');
  });

  test('an operational certificate is for TLS clients only, and only its own authority vouches for it', async () => {
    const leaf = await operational();
    assert.equal(verify(ca.operational.certificatePem, leaf, '-purpose', 'sslclient').status, 0);
    assert.notEqual(verify(ca.operational.certificatePem, leaf, '-purpose', 'sslserver').status, 0);
    assert.notEqual(verify(ca.onboarding.certificatePem, leaf).status, 0);
    assert.notEqual(verify(ca.server.certificatePem, leaf).status, 0);
    const { validFromDate, validToDate, subject, ca: isAuthority } = new X509Certificate(leaf);
    assert.equal(Math.round((validToDate.getTime() - validFromDate.getTime()) / 86_400_000), 90);
    assert.deepEqual([subject, isAuthority], ['CN=lab-2', false]);
  });

  test('serial numbers are random and positive', async () => {
    const serials = await Promise.all(
      ['a', 'b', 'c'].map(async (name) => new X509Certificate(await operational(name))),
    );
    assert.equal(new Set(serials.map((certificate) => certificate.serialNumber)).size, 3);
    for (const { serialNumber } of serials) assert.match(serialNumber, /^[4-7][0-9A-F]{31}$/);
  });

  test('lives can be set, to the past too', async () => {
    const lives = { operationalDays: -1, serverDays: 0.5 };
    const short = await DevelopmentCa.open({ folder: join(folder, 'ca'), clock: systemClock, lives });
    const { publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
    const request = { publicKey, commonName: 'x', fingerprint: '' as never };
    const expired = await short.issueOperational(request, 'lab-2');
    assert.match(verify(ca.operational.certificatePem, expired).said, /certificate has expired/);
    const { certificatePem } = await short.issueServerCertificate(['localhost']);
    assert.equal(verify(ca.server.certificatePem, certificatePem).status, 0);
  });

  test('an onboarding PKCS#12 opens with its passphrase only, and holds the certificate unchanged', async () => {
    const { bytes, passphrase } = await ca.issueOnboarding('lab-2');
    assert.match(passphrase, /^([a-z2-9]{4}-){4}[a-z2-9]{4}$/);
    const container = write('o.p12', bytes);
    const opened = openssl('pkcs12', '-in', container, '-passin', `pass:${passphrase}`, '-clcerts', '-nokeys');
    assert.equal(verify(ca.onboarding.certificatePem, String(opened.out), '-purpose', 'sslclient').status, 0);
    assert.equal(openssl('pkcs12', '-in', container, '-passin', `pass:${passphrase}`, '-noenc').status, 0);
    assert.match(openssl('pkcs12', '-in', container, '-passin', 'pass:x', '-noenc').said, /invalid password/);
    const another = await ca.issueOnboarding('lab-2');
    assert.notEqual(another.passphrase, passphrase);
  });

  describe('reading a certification request', () => {
    const request = (name: string, ...args: string[]) => {
      execFileSync(
        'openssl',
        ['req', '-new', '-nodes', '-keyout', `${name}.key`, '-outform', 'DER', '-out', name, ...args],
        {
          cwd: folder,
          stdio: 'pipe',
        },
      );
      return execFileSync('cat', [join(folder, name)]);
    };
    const rsa = ['-newkey', 'rsa:2048', '-subj', '/CN=lab-2'];

    test('believes name and key of a well signed one', async () => {
      const { commonName, fingerprint, publicKey } = await readSigningRequest(request('good', ...rsa));
      assert.equal(commonName, 'lab-2');
      assert.match(fingerprint, /^[0-9a-f]{64}$/);
      assert.equal(publicKey.asymmetricKeyDetails?.modulusLength, 2048);
    });

    test('takes neither extensions nor further names from it', async () => {
      const greedy = request(
        'greedy',
        ...rsa,
        '-addext',
        'basicConstraints=critical,CA:TRUE',
        '-addext',
        'subjectAltName=DNS:hub',
      );
      const leaf = new X509Certificate(await ca.issueOperational(await readSigningRequest(greedy), 'lab-9'));
      assert.deepEqual([leaf.subject, leaf.ca, leaf.subjectAltName], ['CN=lab-9', false, undefined]);
    });

    test('refuses one that its key did not sign', async () => {
      const changed = Buffer.from(request('changed', ...rsa));
      changed[changed.indexOf('lab-2')]! ^= 1;
      await assert.rejects(readSigningRequest(changed), { code: 'REQUEST_UNPROVEN' });
    });

    test('refuses SHA-1, short keys, small exponents and other kinds of key', async () => {
      await assert.rejects(readSigningRequest(request('sha1', ...rsa, '-sha1')), { code: 'REQUEST_UNPROVEN' });
      const short = request('short', '-newkey', 'rsa:1024', '-subj', '/CN=lab-2');
      await assert.rejects(readSigningRequest(short), { code: 'KEY_UNSUITABLE' });
      const three = ['-newkey', 'rsa:2048', '-pkeyopt', 'rsa_keygen_pubexp:3', '-subj', '/CN=lab-2'];
      await assert.rejects(readSigningRequest(request('three', ...three)), { code: 'KEY_UNSUITABLE' });
      const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-subj', '/CN=lab-2'];
      await assert.rejects(readSigningRequest(request('ec', ...ec)), { code: 'REQUEST_UNPROVEN' });
    });

    test('refuses what is no request, has more after it, or has no single name', async () => {
      const good = request('good2', ...rsa);
      const shapes = [
        Buffer.alloc(0),
        Buffer.from('hello'),
        good.subarray(0, 100),
        Buffer.concat([good, Buffer.from([0])]),
      ];
      for (const shape of shapes) await assert.rejects(readSigningRequest(shape), { code: 'REQUEST_MALFORMED' });
      const nameless = request('nameless', '-newkey', 'rsa:2048', '-subj', '/O=hospital');
      await assert.rejects(readSigningRequest(nameless), { code: 'REQUEST_MALFORMED' });
      const twice = request('twice', '-newkey', 'rsa:2048', '-subj', '/CN=lab-2/CN=lab-3');
      await assert.rejects(readSigningRequest(twice), { code: 'REQUEST_MALFORMED' });
    });
  });
});
