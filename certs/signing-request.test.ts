import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { keyFingerprint, makeSigningRequest } from './signing-request.ts';

const openssl = (args: string[], input: string | Uint8Array) =>
  execFileSync('openssl', args, { input, stdio: ['pipe', 'pipe', 'pipe'] });

test('openssl verifies the request: RSA 3072, SHA-256, the device as its only name', async () => {
  const { requestPem } = await makeSigningRequest('lab-2.north');
  const text = String(openssl(['req', '-verify', '-noout', '-text'], requestPem));
  assert.match(text, /Subject: CN ?= ?lab-2\.north\n/);
  assert.match(text, /3072 bit/);
  assert.match(text, /sha256WithRSAEncryption/);
});

test('openssl refuses the request when one bit of the name is changed', async () => {
  const { requestPem } = await makeSigningRequest('lab-2');
  const der = Buffer.from(requestPem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  der[der.indexOf('lab-2')]! ^= 1;
  assert.throws(() => openssl(['req', '-verify', '-noout', '-inform', 'DER'], der), {
    status: 1,
  });
});

test('the fingerprint is what openssl gives for the key, and each request has a key of its own', async () => {
  const [one, two] = [await makeSigningRequest('lab-2'), await makeSigningRequest('lab-2')];
  const spki = openssl(['pkey', '-pubout', '-outform', 'DER'], one.keyPem);
  assert.equal(keyFingerprint(one.keyPem), createHash('sha256').update(spki).digest('hex'));
  assert.notEqual(keyFingerprint(two.keyPem), keyFingerprint(one.keyPem));
});
