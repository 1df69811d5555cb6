import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { openPkcs12 } from './pkcs12.ts';

/** What a hospital's own PKI may hand over: containers by openssl, certificates signed with RSA and with ECDSA. */
describe('opening a PKCS#12', () => {
  let folder: string;
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const read = (name: string) => readFileSync(join(folder, name));

  before(() => {
    folder = mkdtempSync(join(tmpdir(), 'vestibule-p12-'));
    openssl(
      'req',
      '-x509',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'rsa.key',
      '-out',
      'rsa.pem',
      '-subj',
      '/CN=lab-2',
    );
    const ec = ['-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes'];
    openssl('req', '-x509', ...ec, '-keyout', 'ca.key', '-out', 'ca.pem', '-subj', '/CN=ca');
    openssl('req', '-new', '-key', 'rsa.key', '-out', 'rsa.csr', '-subj', '/CN=lab-3');
    openssl(
      'x509',
      '-req',
      '-in',
      'rsa.csr',
      '-CA',
      'ca.pem',
      '-CAkey',
      'ca.key',
      '-CAcreateserial',
      '-out',
      'leaf.pem',
    );
    const pack = (name: string, key: string, cert: string, ...more: string[]) =>
      openssl('pkcs12', '-export', '-inkey', key, '-in', cert, '-out', name, '-passout', 'pass:open sesame', ...more);
    pack('rsa.p12', 'rsa.key', 'rsa.pem');
    pack('chain.p12', 'rsa.key', 'leaf.pem', '-certfile', 'ca.pem');
    pack('ec.p12', 'ca.key', 'ca.pem');
    openssl('pkcs12', '-export', '-nokeys', '-in', 'rsa.pem', '-out', 'nokey.p12', '-passout', 'pass:open sesame');
  });
  after(() => rmSync(folder, { recursive: true }));

  for (const [container, certificate] of [
    ['rsa.p12', 'rsa.pem'],
    ['chain.p12', 'leaf.pem'],
  ] as const) {
    test(`${container}: the key, and its certificate to the last byte`, async () => {
      const pair = await openPkcs12(read(container), 'open sesame');
      const expected = new X509Certificate(read(certificate));
      assert.equal(new X509Certificate(pair.certificatePem).fingerprint256, expected.fingerprint256);
      assert.match(pair.keyPem, /^-----BEGIN PRIVATE KEY-----/);
    });
  }

  test('a wrong passphrase, and one that differs in a space', async () => {
    await assert.rejects(openPkcs12(read('rsa.p12'), 'open sesam'), { code: 'WRONG_PASSPHRASE' });
    await assert.rejects(openPkcs12(read('rsa.p12'), 'open sesame '), { code: 'WRONG_PASSPHRASE' });
  });

  test('no container at all, one without a key, one with a key that is not RSA', async () => {
    await assert.rejects(openPkcs12(Buffer.from('hello'), 'open sesame'), { code: 'BUNDLE_INVALID' });
    await assert.rejects(openPkcs12(Buffer.alloc(0), 'open sesame'), { code: 'BUNDLE_INVALID' });
    await assert.rejects(openPkcs12(read('nokey.p12'), 'open sesame'), { code: 'BUNDLE_INVALID' });
    await assert.rejects(openPkcs12(read('ec.p12'), 'open sesame'), { code: 'BUNDLE_INVALID' });
  });
});
