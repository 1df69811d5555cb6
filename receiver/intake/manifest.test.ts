import assert from 'node:assert/strict';
import { createPrivateKey, createSign, generateKeyPairSync, X509Certificate } from 'node:crypto';
import { before, test } from 'node:test';
import { CompactSign } from 'jose';
import { newId } from '../../protocol/ids.ts';
import { type Credential, TestAuthority } from '../testing/authority.ts';
import { certificateHeader, signManifest } from '../testing/device.ts';
import { readCertificates } from './device-certificate.ts';
import { checkManifest, verifyManifest } from './manifest.ts';

const dayMs = 86_400_000;
const now = Date.now();
const daysFromNow = (days: number) => new Date(now + days * dayMs);

let operational: TestAuthority;
let device: Credential;
let rules: Parameters<typeof verifyManifest>[1];

before(async () => {
  operational = await TestAuthority.make('operational');
  device = await operational.issue({ commonName: 'dev-1' });
  rules = { authorities: readCertificates(operational.certPem), clockSkewMs: 300_000 };
});

const archive = () => ({
  archiveId: newId('arc'),
  caseId: newId('case'),
  tier: 'review',
  sha256: 'a'.repeat(64),
  bytes: 4096,
  files: 3,
  blob: 'dev-1/x',
  keys: {
    protected: 'x',
    iv: 'x',
    ciphertext: 'x',
    tag: 'x',
    recipients: [{ header: { alg: 'ECDH-ES+A256KW', kid: 'k' }, encrypted_key: 'x' }],
  },
  study: { maps: 1, points: 2, lesions: 3 },
});

const manifest = (more: object = {}) => ({
  v: 1,
  batch: newId('bat'),
  device: 'dev-1',
  createdAt: '2026-01-01T00:00:00Z',
  archives: [archive()],
  ...more,
});

const verify = (body: string, more: { deviceId?: string; enqueuedAt?: Date } = {}) =>
  verifyManifest(
    { deviceId: more.deviceId ?? 'dev-1', enqueuedAt: (more.enqueuedAt ?? new Date(now)).toISOString(), body },
    rules,
  );

const refused = async (body: string | Promise<string>, code: string, more = {}) =>
  assert.rejects(verify(await body, more), { code });

/** Signs with any header and any key. */
const forged = (header: object, keyPem: string, payload: unknown = manifest()) =>
  new CompactSign(new TextEncoder().encode(JSON.stringify(payload)))
    .setProtectedHeader(header as { alg: string })
    .sign(createPrivateKey(keyPem));

const b64 = (value: unknown) => Buffer.from(JSON.stringify(value)).toString('base64url');

test('believes a manifest of the connected device', async () => {
  const sent = manifest();
  assert.deepEqual(await verify(await signManifest(sent, device)), sent);
});

test('refuses a manifest signed by the key of another device', async () => {
  const other = await operational.issue({ commonName: 'dev-2' });
  await refused(signManifest(manifest(), other), 'WRONG_DEVICE');
  await refused(signManifest(manifest({ device: 'dev-2' }), other), 'WRONG_DEVICE');
  await refused(signManifest(manifest({ device: 'dev-2' }), device), 'WRONG_DEVICE');
  const borrowed = { alg: 'RS256', ...certificateHeader(device.certPem) };
  await refused(forged(borrowed, other.keyPem), 'SIGNATURE_INVALID');
});

test('refuses a certificate that was not valid when the event came, give or take the clocks', async () => {
  const minutes = (count: number) => new Date(now + count * 60_000);
  const expired = await operational.issue({ commonName: 'dev-1', notBefore: daysFromNow(-9), notAfter: minutes(-6) });
  await refused(signManifest(manifest(), expired), 'CERTIFICATE_REFUSED');
  const early = await operational.issue({ commonName: 'dev-1', notBefore: minutes(6), notAfter: daysFromNow(9) });
  await refused(signManifest(manifest(), early), 'CERTIFICATE_REFUSED');
  const justNow = await operational.issue({ commonName: 'dev-1', notBefore: daysFromNow(-9), notAfter: minutes(-4) });
  await verify(await signManifest(manifest(), justNow));
  await verify(await signManifest(manifest(), expired), { enqueuedAt: minutes(-60) });
});

test('refuses certificates that the operational CA did not issue for devices', async () => {
  const stranger = await (await TestAuthority.make('operational')).issue({ commonName: 'dev-1' });
  await refused(signManifest(manifest(), stranger), 'CERTIFICATE_REFUSED');
  for (const options of [{ usage: 'serverAuth' }, { isCa: true }] as const) {
    const wrong = await operational.issue({ commonName: 'dev-1', ...options });
    await refused(signManifest(manifest(), wrong), 'CERTIFICATE_REFUSED');
  }
  const weak = await operational.issue({ commonName: 'dev-1', bits: 1024 });
  const input = `${b64({ alg: 'RS256', ...certificateHeader(weak.certPem) })}.${b64(manifest())}`;
  const signature = createSign('RSA-SHA256').update(input).sign(weak.keyPem, 'base64url');
  await refused(`${input}.${signature}`, 'CERTIFICATE_REFUSED');
});

test('refuses every algorithm but RS256', async () => {
  const header = certificateHeader(device.certPem);
  await refused(`${b64({ alg: 'none', ...header })}.${b64(manifest())}.`, 'ALGORITHM_REFUSED');
  for (const alg of ['PS256', 'RS512']) await refused(forged({ alg, ...header }, device.keyPem), 'ALGORITHM_REFUSED');
  const publicPem = new X509Certificate(device.certPem).publicKey.export({ type: 'spki', format: 'pem' });
  const hmac = new CompactSign(Buffer.from(JSON.stringify(manifest())))
    .setProtectedHeader({ alg: 'HS256', ...header })
    .sign(Buffer.from(publicPem));
  await refused(hmac, 'ALGORITHM_REFUSED');
  const { privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
  const pem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
  await refused(forged({ alg: 'ES256', ...header }, pem), 'ALGORITHM_REFUSED');
});

test('refuses bytes that were changed after they were signed', async () => {
  const [header, payload, signature] = (await signManifest(manifest(), device)).split('.');
  const changed = JSON.parse(Buffer.from(payload ?? '', 'base64url').toString());
  changed.archives[0].sha256 = 'b'.repeat(64);
  await refused(`${header}.${b64(changed)}.${signature}`, 'SIGNATURE_INVALID');
  const other = { ...JSON.parse(Buffer.from(header ?? '', 'base64url').toString()), kid: 'x' };
  await refused(`${b64(other)}.${payload}.${signature}`, 'SIGNATURE_INVALID');
});

test('refuses headers that are not the agreed ones', async () => {
  const own = certificateHeader(device.certPem);
  const other = certificateHeader((await operational.issue({ commonName: 'dev-1' })).certPem);
  const with256 = (header: object) => forged({ alg: 'RS256', ...header }, device.keyPem);
  await refused(with256({}), 'SIGNATURE_MALFORMED');
  await refused(with256({ x5c: own.x5c }), 'SIGNATURE_MALFORMED');
  await refused(with256({ 'x5t#S256': own['x5t#S256'] }), 'SIGNATURE_MALFORMED');
  await refused(with256({ ...own, 'x5t#S256': other['x5t#S256'] }), 'SIGNATURE_MALFORMED');
  await refused(with256({ ...own, x5c: [...own.x5c, ...other.x5c] }), 'SIGNATURE_MALFORMED');
  const nonsense = { 'x5t#S256': 'n4bQgYhMfWWaL-qgxVrQFaO_TxsrC4Is0V1sFbDwCgg', x5c: ['dGVzdA=='] };
  await refused(with256(nonsense), 'SIGNATURE_MALFORMED');
  await refused('a.b.c', 'SIGNATURE_MALFORMED');
});

test('refuses what is signed but no manifest, and says of which batch where it can', async () => {
  const sent = manifest({ extra: 1 });
  await assert.rejects(verify(await signManifest(sent, device)), { code: 'MANIFEST_INVALID', batch: sent.batch });
  await assert.rejects(verify(await signManifest([], device)), { code: 'MANIFEST_INVALID', batch: undefined });
  await assert.rejects(verify(await signManifest('x', device)), { code: 'MANIFEST_INVALID' });
});

test('a manifest may only name blobs of its device, each archive and each blob once', async () => {
  const check = (archives: object[]) => checkManifest(manifest({ archives }) as never);
  check([archive(), { ...archive(), blob: 'dev-1/y/z.case' }]);
  for (const blob of [
    'dev-2/x',
    'dev-1',
    'dev-1/',
    'dev-1/..',
    'dev-1/../dev-2/x',
    'dev-1/./x',
    'x/dev-1/y',
    'dev-10/x',
  ]) {
    assert.throws(() => check([{ ...archive(), blob }]), { code: 'FOREIGN_BLOB' }, blob);
  }
  assert.throws(() => check([archive(), archive()]), { code: 'MANIFEST_INVALID' });
  const one = archive();
  assert.throws(() => check([one, { ...one, blob: 'dev-1/y' }]), { code: 'MANIFEST_INVALID' });
});
