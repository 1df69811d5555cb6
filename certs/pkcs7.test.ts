import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { X509Certificate } from 'node:crypto';
import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { readCertsOnly } from './pkcs7.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestibule-pkcs7-'));
after(() => rmSync(folder, { recursive: true }));
const openssl = (args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });

function selfSigned(...key: string[]): string {
  const how = ['-nodes', '-keyout', 'key.pem', '-subj', '/CN=x', '-outform', 'PEM'];
  return String(openssl(['req', '-x509', ...key, ...how]));
}

function pack(pem: string): string {
  writeFileSync(join(folder, 'certificates.pem'), pem);
  return openssl(['crl2pkcs7', '-nocrl', '-certfile', 'certificates.pem', '-outform', 'DER']).toString('base64');
}

test('reads what openssl packs, RSA and EC, to the last byte', async () => {
  const rsa = selfSigned('-newkey', 'rsa:2048');
  const ec = selfSigned('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
  const found = await readCertsOnly(pack(rsa + ec));
  const expected = [rsa, ec].map((pem) => new X509Certificate(pem).fingerprint256);
  assert.deepEqual(new Set(found.map((certificate) => certificate.fingerprint256)), new Set(expected));
  const wrapped = pack(ec).replace(/.{64}/g, '$&\r\n');
  assert.equal((await readCertsOnly(wrapped)).length, 1, 'line breaks are fine');
});

test('a bare certificate, half an answer and text are no answers', async () => {
  const ec = selfSigned('-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256');
  const bare = ec.replace(/-----[A-Z ]+-----|\s/g, '');
  const whole = pack(ec);
  for (const answer of [bare, whole.slice(0, whole.length / 2), '<html>', '']) {
    await assert.rejects(readCertsOnly(answer), { code: 'ANSWER_INVALID' });
  }
});
