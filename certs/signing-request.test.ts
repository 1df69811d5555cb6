import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHash } from 'node:crypto';
import { test } from 'node:test';
import { keyFingerprint, makeSigningRequest } from './signing-request.ts';

/** openssl's exit status says nothing about the signature of a request; its words do. */
function openssl(args: string[], input: string | Uint8Array): { out: Buffer; said: string } {
  const { stdout, stderr, status } = spawnSync('openssl', args, { input });
  assert.equal(status, 0, String(stderr));
  return { out: stdout, said: String(stderr) };
}

test('openssl verifies the request: RSA 3072, SHA-256, the device as its only name', async () => {
  const { requestPem } = await makeSigningRequest('lab-2.north');
  const { out, said } = openssl(['req', '-verify', '-noout', '-text'], requestPem);
  assert.match(said, /verify OK/);
  const text = String(out);
  assert.match(text, /Subject: CN ?= ?lab-2\.north\n/);
  assert.match(text, /3072 bit/);
  assert.match(text, /sha256WithRSAEncryption/);
});

test('openssl refuses the request when one bit of the name is changed', async () => {
  const { requestPem } = await makeSigningRequest('lab-2');
  const der = Buffer.from(requestPem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
  der[der.indexOf('lab-2')]! ^= 1;
  assert.match(openssl(['req', '-verify', '-noout', '-inform', 'DER'], der).said, /verify failure/);
});

test('the fingerprint is what openssl gives for the key, and each request has a key of its own', async () => {
  const [one, two] = [await makeSigningRequest('lab-2'), await makeSigningRequest('lab-2')];
  const { out: spki } = openssl(['pkey', '-pubout', '-outform', 'DER'], one.keyPem);
  assert.equal(keyFingerprint(one.keyPem), createHash('sha256').update(spki).digest('hex'));
  assert.notEqual(keyFingerprint(two.keyPem), keyFingerprint(one.keyPem));
});
