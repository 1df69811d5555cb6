import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import type { IncomingHttpHeaders } from 'node:http';
import { type RequestOptions, request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { openLog } from '../../core/log.ts';
import { DevelopmentCa } from '../ca/index.ts';
import { Approvals } from './approvals.ts';
import { EstServer } from './est-server.ts';

/** The server on the wire, asked with openssl's certificates and node's https: no code of the appliance. */
describe('the EST server', () => {
  let folder: string;
  let ca: DevelopmentCa;
  let approvals: Approvals;
  let server: EstServer;
  let client: { cert: string; key: string };
  const openssl = (...args: string[]) => execFileSync('openssl', args, { cwd: folder, stdio: 'pipe' });
  const logPath = () => join(folder, 'log');

  before(async () => {
    folder = mkdtempSync(join(tmpdir(), 'vestibule-est-'));
    ca = await DevelopmentCa.open({ folder: join(folder, 'ca'), clock: systemClock });
    approvals = new Approvals({ path: join(folder, 'approvals.db'), clock: systemClock });
    server = new EstServer({
      ca,
      approvals,
      tls: await ca.issueServerCertificate(['127.0.0.1']),
      host: '127.0.0.1',
      port: 0,
      clock: systemClock,
      log: openLog({ file: logPath() }),
      retryAfterSeconds: 3,
    });
    await server.start();
    const { bytes, passphrase } = await ca.issueOnboarding('lab-2');
    writeFileSync(join(folder, 'o.p12'), bytes);
    const unpack = (...what: string[]) =>
      String(openssl('pkcs12', '-in', 'o.p12', '-passin', `pass:${passphrase}`, '-noenc', ...what));
    client = { cert: unpack('-nokeys'), key: unpack('-nocerts') };
    openssl(
      'req',
      '-new',
      '-newkey',
      'rsa:2048',
      '-nodes',
      '-keyout',
      'd.key',
      '-outform',
      'DER',
      '-out',
      'd.csr',
      '-subj',
      '/CN=lab-2',
    );
  });
  after(async () => {
    await server.stop();
    approvals.close();
    rmSync(folder, { recursive: true });
  });

  interface Answer {
    status: number | undefined;
    headers: IncomingHttpHeaders;
    body: string;
  }

  function ask(path: string, options: RequestOptions = {}, body?: string): Promise<Answer> {
    const { promise, resolve, reject } = Promise.withResolvers<Answer>();
    const sent = request(
      `${server.url}${path}`,
      { ca: ca.server.certificatePem, agent: false, ...options },
      async (answer) => {
        const pieces: Buffer[] = [];
        for await (const piece of answer) pieces.push(piece as Buffer);
        resolve({ status: answer.statusCode, headers: answer.headers, body: String(Buffer.concat(pieces)) });
      },
    );
    sent.on('error', reject);
    sent.end(body);
    return promise;
  }

  const post = (body: string, options: RequestOptions = {}) =>
    ask(
      '/.well-known/est/simpleenroll',
      { method: 'POST', headers: { 'content-type': 'application/pkcs10' }, ...client, ...options },
      body,
    );
  const csr = () => readFileSync(join(folder, 'd.csr')).toString('base64');
  const certificatesIn = (body: string) => {
    writeFileSync(join(folder, 'a.p7'), Buffer.from(body, 'base64'));
    return String(openssl('pkcs7', '-inform', 'DER', '-in', 'a.p7', '-print_certs'));
  };

  test('cacerts: for all, with the types of RFC 7030, and openssl reads the operational CA in it', async () => {
    const { status, headers, body } = await ask('/.well-known/est/cacerts');
    assert.equal(status, 200);
    assert.equal(headers['content-type'], 'application/pkcs7-mime; smime-type=certs-only');
    assert.equal(headers['content-transfer-encoding'], 'base64');
    const [pem] = /-----BEGIN[\s\S]+-----END CERTIFICATE-----/.exec(certificatesIn(body))!;
    assert.equal(`${pem}\n`, ca.operational.certificatePem);
  });

  test('simpleenroll: 202 with Retry-After, then the certificate; line breaks and repetitions are fine', async () => {
    const wrapped = csr().replace(/.{64}/g, '$&\r\n');
    const waiting = await post(wrapped);
    assert.deepEqual([waiting.status, waiting.headers['retry-after']], [202, '3']);
    const [{ device, fingerprint } = assert.fail()] = approvals.pending();
    const spki = openssl('pkey', '-in', 'd.key', '-pubout', '-outform', 'DER');
    const digest = execFileSync('openssl', ['dgst', '-sha256', '-r'], { input: spki }).toString().slice(0, 64);
    assert.equal(fingerprint, digest);
    approvals.approve(device, fingerprint);
    const issued = await post(csr());
    assert.equal(issued.status, 200);
    assert.equal(issued.headers['content-type'], 'application/pkcs7-mime; smime-type=certs-only');
    writeFileSync(join(folder, 'leaf.pem'), certificatesIn(issued.body));
    writeFileSync(join(folder, 'op.pem'), ca.operational.certificatePem);
    assert.match(String(openssl('verify', '-x509_strict', '-CAfile', 'op.pem', 'leaf.pem')), /OK/);
    assert.equal(certificatesIn((await post(csr())).body), certificatesIn(issued.body));
  });

  test('no client certificate, a self-signed one, a server certificate: 401 with a code, nothing kept', async () => {
    const count = approvals.all().length;
    openssl('req', '-x509', '-newkey', 'rsa:2048', '-nodes', '-keyout', 's.key', '-out', 's.pem', '-subj', '/CN=lab-2');
    const selfSigned = { cert: readFileSync(join(folder, 's.pem')), key: readFileSync(join(folder, 's.key')) };
    const { certificatePem, keyPem } = await ca.issueServerCertificate(['lab-2']);
    for (const [options, code] of [
      [{ cert: undefined, key: undefined }, 'certificate-required'],
      [selfSigned, 'certificate-unknown'],
      [{ cert: certificatePem, key: keyPem }, 'certificate-unknown'],
    ] as const) {
      const { status, headers, body } = await post(csr(), options as RequestOptions);
      assert.equal(status, 401);
      assert.match(headers['content-type'] ?? '', /^application\/problem\+json/);
      const problem = JSON.parse(body);
      assert.equal(problem.code, code);
      assert.ok(problem.title && problem.detail, 'says what and what to do');
    }
    assert.equal(approvals.all().length, count);
  });

  test('what is no request: 400 or 4xx, never 500', async () => {
    const json = { headers: { 'content-type': 'application/json' } };
    const answers = [
      await post(''),
      await post('!!'),
      await post('AAAA'),
      await post('{}', json),
      await post('A'.repeat(20_000)),
    ];
    assert.deepEqual(
      answers.map(({ status }) => status),
      [400, 400, 400, 415, 413],
    );
    assert.equal(JSON.parse(answers[2]!.body).code, 'request-malformed');
    const unknown = await ask('/.well-known/est/serverkeygen', { method: 'POST', ...client });
    assert.equal(unknown.status, 404);
  });

  test('TLS 1.1 is not spoken', async () => {
    await assert.rejects(ask('/.well-known/est/cacerts', { minVersion: 'TLSv1', maxVersion: 'TLSv1.1' }));
  });

  test('the log names devices and codes, and holds no key and no request', () => {
    const log = readFileSync(logPath(), 'utf8');
    assert.match(log, /operational certificate issued/);
    assert.match(log, /CERTIFICATE_UNKNOWN/);
    assert.doesNotMatch(log, /BEGIN|MII/);
  });
});
