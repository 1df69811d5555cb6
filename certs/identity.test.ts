import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash, X509Certificate } from 'node:crypto';
import { test } from 'node:test';
import { compactVerify } from 'jose';
import { signAsDevice } from './identity.ts';

const openssl = (args: string[]) => String(execFileSync('openssl', args, { stdio: ['pipe', 'pipe', 'pipe'] }));

test('a manifest signed as the device verifies with the certificate in it, and not after a change', async () => {
  const both = openssl(['req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', '-', '-subj', '/CN=lab-2']);
  const certificate = new X509Certificate(both.slice(both.indexOf('-----BEGIN CERTIFICATE-----')));
  const sign = signAsDevice({ certificatePem: certificate.toString(), keyPem: both });
  const jws = await sign('{"v":1}');
  const { payload, protectedHeader } = await compactVerify(jws, certificate.publicKey, { algorithms: ['RS256'] });
  assert.equal(Buffer.from(payload).toString(), '{"v":1}');
  assert.deepEqual(protectedHeader, {
    alg: 'RS256',
    x5c: [certificate.raw.toString('base64')],
    'x5t#S256': createHash('sha256').update(certificate.raw).digest('base64url'),
  });
  const [header, , signature] = jws.split('.');
  const changed = [header, Buffer.from('{"v":2}').toString('base64url'), signature].join('.');
  await assert.rejects(compactVerify(changed, certificate.publicKey));
});
