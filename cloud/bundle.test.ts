import assert from 'node:assert/strict';
import { mkdtempSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { EmbeddedJWK, flattenedVerify } from 'jose';
import { systemClock } from '../core/clock.ts';
import { sha256 } from '../core/digest.ts';
import { generateEcKeyPair } from '../core/envelope.ts';
import { bundleSchema, type PublicKey } from '../protocol/bundle.ts';
import { type BundleParts, createBundle } from './bundle.ts';

describe('making an enrolment bundle', () => {
  let folder: string;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vestibule-bundles-'));
  });
  afterEach(() => rmSync(folder, { recursive: true }));

  const key = { kid: 'k1', ...generateEcKeyPair().publicKey } as PublicKey;
  const parts: BundleParts = {
    site: 'hospital-north',
    device: 'lab-2',
    serverCa: '-----BEGIN CERTIFICATE-----\nAAAA\n-----END CERTIFICATE-----\n',
    est: { url: 'https://127.0.0.1:8443' },
    dps: { host: 'localhost', port: 8883, idScope: '0ne0000' },
    hub: { mqttPort: 8883, httpsPort: 8444 },
    receiptKeys: [key],
    recipients: [key],
    pkcs12: Buffer.from('container'),
  };
  const make = (changes: Partial<BundleParts> = {}) =>
    createBundle({ folder, clock: systemClock }, { ...parts, ...changes });

  test('signs what it was given, with one key for all bundles that stays private', async () => {
    const [one, two] = [await make(), await make({ device: 'lab-3' })];
    const { payload, protectedHeader } = await flattenedVerify(JSON.parse(one.text), EmbeddedJWK);
    const bundle = bundleSchema.parse(JSON.parse(Buffer.from(payload).toString()));
    const { pkcs12, ...given } = parts;
    const { v, issuedAt, onboarding, ...said } = bundle;
    assert.deepEqual(said, given);
    assert.equal(v, 1);
    assert.ok(Math.abs(Date.parse(issuedAt) - Date.now()) < 60_000);
    assert.equal(onboarding.pkcs12, Buffer.from(pkcs12).toString('base64'));
    assert.equal(protectedHeader?.alg, 'ES256');
    assert.deepEqual(Object.keys(protectedHeader?.jwk ?? {}), ['kty', 'crv', 'x', 'y'], 'no private member');
    const header = (text: string) => JSON.parse(text).protected;
    assert.equal(header(two.text), header(one.text), 'the same key');
    assert.equal(one.fingerprint.replaceAll(' ', ''), sha256(one.text));
    assert.equal(statSync(join(folder, 'bundle-key.jwk')).mode & 0o777, 0o600);
  });

  test('refuses parts that an appliance would refuse, naming them', async () => {
    const wrong = make({ device: 'Lab Two', est: { url: 'http://127.0.0.1' } });
    await assert.rejects(wrong, { code: 'PART_INVALID', message: /device.*est\.url|est\.url.*device/ });
    await assert.rejects(make({ receiptKeys: [] }), { code: 'PART_INVALID' });
    const withPrivate = { ...key, ...generateEcKeyPair().privateKey } as PublicKey;
    await assert.rejects(make({ recipients: [withPrivate] }), { code: 'PART_INVALID' }, 'a private key never goes in');
  });

  test('a damaged bundle key is refused, not replaced', async () => {
    await make();
    writeFileSync(join(folder, 'bundle-key.jwk'), '{');
    await assert.rejects(make(), { code: 'SIGNER_DAMAGED' });
  });
});
