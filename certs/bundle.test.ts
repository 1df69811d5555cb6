import assert from 'node:assert/strict';
import { createHash, generateKeyPairSync, type JsonWebKey } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, describe, test } from 'node:test';
import { FlattenedSign } from 'jose';
import { maxBundleBytes } from '../protocol/bundle.ts';
import { readBundle } from './bundle.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestibule-bundle-'));
const keys = generateKeyPairSync('ec', { namedCurve: 'P-256' });
const publicJwk = (key = keys.publicKey): JsonWebKey => key.export({ format: 'jwk' });
const reader = { kid: 'k1', ...publicJwk() };

const content = {
  v: 1,
  site: 'hospital-north',
  device: 'lab-2',
  issuedAt: '2026-01-02T03:04:05.000Z',
  serverCa: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
  est: { url: 'https://est.example:8443' },
  dps: { host: 'dps.example', port: 8883, idScope: '0ne0000' },
  hub: { mqttPort: 8883, httpsPort: 443 },
  receiptKeys: [reader],
  recipients: [reader],
  onboarding: { pkcs12: 'AAAA' },
};

type Jws = { payload: string; protected: string; signature: string };

async function sign(
  payload: unknown,
  header: object = { alg: 'ES256', jwk: publicJwk() },
  key = keys.privateKey,
): Promise<Jws> {
  const bytes = Buffer.from(typeof payload === 'string' ? payload : JSON.stringify(payload));
  const jws = new FlattenedSign(bytes).setProtectedHeader(header as { alg: string });
  return (await jws.sign(key)) as Jws;
}

function read(text: string | Uint8Array) {
  const path = join(folder, 'bundle.json');
  writeFileSync(path, text);
  return readBundle(path);
}

const base64url = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

describe('reading an enrolment bundle', () => {
  after(() => rmSync(folder, { recursive: true }));

  test('gives what it says, and the fingerprint of its bytes in groups', async () => {
    const text = JSON.stringify(await sign(content));
    const { bundle, fingerprint } = await read(text);
    assert.deepEqual(bundle, content);
    assert.equal(fingerprint.replaceAll(' ', ''), createHash('sha256').update(text).digest('hex'));
    assert.match(fingerprint, /^([0-9a-f]{4} ){15}[0-9a-f]{4}$/);
    const { fingerprint: other } = await read(`${text}\n`);
    assert.notEqual(other, fingerprint, 'one more byte is another bundle');
  });

  test('tampered: in the payload, in the signature, or signed by another key than it names', async () => {
    const jws = await sign(content);
    const payload = base64url({ ...content, device: 'lab-3' });
    await assert.rejects(read(JSON.stringify({ ...jws, payload })), { code: 'BUNDLE_TAMPERED' });
    const flipped = Buffer.from(jws.signature, 'base64url');
    flipped[10]! ^= 1;
    const signature = flipped.toString('base64url');
    await assert.rejects(read(JSON.stringify({ ...jws, signature })), { code: 'BUNDLE_TAMPERED' });
    const { publicKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const foreign = await sign(content, { alg: 'ES256', jwk: publicJwk(publicKey) });
    await assert.rejects(read(JSON.stringify(foreign)), { code: 'BUNDLE_TAMPERED' });
  });

  test('not signed as it must be: alg none, a shared secret, another algorithm, no key in the header, extra members', async () => {
    const jws = await sign(content);
    const none = { ...jws, protected: base64url({ alg: 'none', jwk: publicJwk() }), signature: '' };
    await assert.rejects(read(JSON.stringify(none)), { code: 'BUNDLE_TAMPERED' });
    const secret = { kty: 'oct', k: 'AAAA' };
    const hmac = { ...jws, protected: base64url({ alg: 'HS256', jwk: secret }) };
    await assert.rejects(read(JSON.stringify(hmac)), { code: 'BUNDLE_TAMPERED' });
    await assert.rejects(read(JSON.stringify(await sign(content, { alg: 'ES256' }))), { code: 'BUNDLE_TAMPERED' });
    const edwards = generateKeyPairSync('ed25519');
    const header = { alg: 'EdDSA', jwk: edwards.publicKey.export({ format: 'jwk' }) };
    const otherwise = await sign(content, header, edwards.privateKey);
    await assert.rejects(read(JSON.stringify(otherwise)), { code: 'BUNDLE_TAMPERED' }, 'well signed, but not ES256');
    await assert.rejects(read(JSON.stringify({ ...jws, header: { b64: false } })), { code: 'BUNDLE_UNREADABLE' });
  });

  test('too large is refused before it is parsed; the largest one is read', async () => {
    const text = JSON.stringify(await sign(content));
    await read(text + ' '.repeat(maxBundleBytes - text.length));
    await assert.rejects(read(text + ' '.repeat(maxBundleBytes - text.length + 1)), { code: 'BUNDLE_TOO_LARGE' });
  });

  test('another version says so, whatever else changed in it', async () => {
    const next = JSON.stringify(await sign({ v: 2, everything: 'new' }));
    await assert.rejects(read(next), { code: 'BUNDLE_VERSION', message: /version 1, found 2/ });
  });

  test('well signed, but not a bundle: names the fields, not their values', async () => {
    const wrong = { ...content, est: { url: 'http://est.example' }, device: 'Name With Spaces', extra: 1 };
    const error = await read(JSON.stringify(await sign(wrong))).catch((reason: Error) => reason);
    assert.ok(error instanceof Error && 'code' in error && error.code === 'BUNDLE_INVALID');
    assert.match(error.message, /est\.url/);
    assert.match(error.message, /device/);
    assert.doesNotMatch(error.message, /Name With Spaces/);
    await assert.rejects(read(JSON.stringify(await sign('not json'))), { code: 'BUNDLE_INVALID' });
  });

  test('not there, not JSON, not text, a folder', async () => {
    await assert.rejects(readBundle(join(folder, 'nowhere.json')), { code: 'BUNDLE_UNREADABLE' });
    await assert.rejects(read('PK\u0003\u0004'), { code: 'BUNDLE_UNREADABLE' });
    await assert.rejects(read(Uint8Array.of(0xff, 0xfe, 0x00)), { code: 'BUNDLE_UNREADABLE' });
    await assert.rejects(read(''), { code: 'BUNDLE_UNREADABLE' });
    await assert.rejects(readBundle(folder), { code: 'BUNDLE_UNREADABLE' });
  });
});
