import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { createServer, type RequestListener } from 'node:http';
import { createServer as createTlsServer, type Server } from 'node:https';
import type { AddressInfo } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { EstClient } from '../../certs/index.ts';
import { makeSigningRequest } from '../../certs/signing-request.ts';
import { DevelopmentCa, readSigningRequest, type SigningRequest } from '../../cloud/ca/index.ts';
import { certsOnly } from '../../cloud/est/answer.ts';
import type { Bundle } from '../../protocol/bundle.ts';
import { CloudSide, device, enrolAt, newFolder, quickClock } from './cloud-side.ts';

const dayMs = 86_400_000;

/** Answers of an EST server that is trusted but wrong. */
describe('the appliance keeps no certificate that is not exactly its own', () => {
  let cloud: CloudSide;
  let elsewhere: CloudSide;
  let rogue: Server;
  let answer: (request: SigningRequest) => Promise<{ status?: number; body: string; headers?: Record<string, string> }>;
  let bundle: Bundle;
  let passphrase: string;

  before(async () => {
    [cloud, elsewhere] = await Promise.all([CloudSide.start(), CloudSide.start()]);
    const { certificatePem, keyPem } = await cloud.ca.issueServerCertificate(['127.0.0.1']);
    const handle: RequestListener = async (request, response) => {
      const pieces: Buffer[] = [];
      for await (const piece of request) pieces.push(piece as Buffer);
      if (request.url?.endsWith('cacerts')) return response.end(certsOnly([cloud.ca.operational.certificate.raw]));
      const wanted = await readSigningRequest(Buffer.from(Buffer.concat(pieces).toString(), 'base64'));
      const { status = 200, body, headers = {} } = await answer(wanted);
      return response.writeHead(status, headers).end(body);
    };
    rogue = createTlsServer(
      { cert: certificatePem, key: keyPem, requestCert: true, rejectUnauthorized: false },
      handle,
    );
    await new Promise<void>((resolve) => rogue.listen(0, '127.0.0.1', resolve));
    const url = `https://127.0.0.1:${(rogue.address() as AddressInfo).port}`;
    ({ bundle, passphrase } = await cloud.bundle({ est: { url } }));
  });
  after(async () => {
    rogue.closeAllConnections();
    rogue.close();
    await Promise.all([cloud.stop(), elsewhere.stop()]);
  });

  async function enrolWith(given: typeof answer) {
    answer = given;
    const { folder, remove } = await newFolder();
    try {
      return await enrolAt(bundle, folder, { passphrase });
    } finally {
      assert.equal(folder.read('operational.pem') === undefined, given !== honest, 'kept only what was accepted');
      await remove();
    }
  }

  const packed = async (pem: Promise<string>) => ({ body: certsOnly([Buffer.from(derOf(await pem), 'base64')]) });
  const derOf = (pem: string) => pem.replace(/-----[A-Z ]+-----|\s/g, '');
  const honest: typeof answer = (request) => packed(cloud.ca.issueOperational(request, device));

  test('control: an honest answer is kept', async () => {
    assert.equal((await enrolWith(honest)).deviceId, device);
  });

  test('a certificate for another key', async () => {
    const { requestPem } = await makeSigningRequest(device);
    const other = await readSigningRequest(Buffer.from(derOf(requestPem), 'base64'));
    await assert.rejects(
      enrolWith(() => honest(other)),
      { code: 'KEY_MISMATCH' },
    );
  });

  test('a certificate in the name of another device', async () => {
    await assert.rejects(
      enrolWith((request) => packed(cloud.ca.issueOperational(request, 'lab-8'))),
      {
        code: 'WRONG_DEVICE',
      },
    );
  });

  test('a certificate of an authority that was not named', async () => {
    await assert.rejects(
      enrolWith((request) => packed(elsewhere.ca.issueOperational(request, device))),
      {
        code: 'WRONG_ISSUER',
      },
    );
  });

  test('a certificate for servers', async () => {
    const forServer = ({ publicKey }: SigningRequest) =>
      cloud.ca.operational.issue({
        commonName: device,
        publicKey,
        purpose: { kind: 'server', names: [device] },
        lifeMs: dayMs,
      });
    await assert.rejects(
      enrolWith(async (request) => packed(Promise.resolve(String(await forServer(request))))),
      {
        code: 'ANSWER_INVALID',
      },
    );
  });

  test('a certificate that is not valid now, by our clock', async () => {
    for (const offsetMs of [2 * dayMs, -200 * dayMs]) {
      const folder = join(cloud.folder, 'ca');
      const shifted = await DevelopmentCa.open({ folder, clock: quickClock(undefined, offsetMs) });
      await assert.rejects(
        enrolWith((request) => packed(shifted.issueOperational(request, device))),
        {
          code: 'CLOCK_SUSPICIOUS',
        },
      );
    }
  });

  test('no certificate, garbage, too much, an unknown status', async () => {
    await assert.rejects(
      enrolWith(async () => ({ body: certsOnly([]) })),
      { code: 'KEY_MISMATCH' },
    );
    await assert.rejects(
      enrolWith(async () => ({ body: 'AAAA' })),
      { code: 'ANSWER_INVALID' },
    );
    await assert.rejects(
      enrolWith(async () => ({ body: '' })),
      { code: 'ANSWER_INVALID' },
    );
    await assert.rejects(
      enrolWith(async () => ({ body: 'A'.repeat(300_000) })),
      { code: 'ANSWER_INVALID' },
    );
    await assert.rejects(
      enrolWith(async () => ({ status: 302, body: '' })),
      { code: 'REQUEST_REFUSED' },
    );
    await assert.rejects(
      enrolWith(async () => ({ status: 401, body: 'no' })),
      { code: 'CLIENT_CERTIFICATE_REFUSED' },
    );
  });

  test('waits as long as it is told: seconds, a date, nothing; never less than a second nor more than an hour', async () => {
    const waits: number[] = [];
    const texts = ['7', new Date(Date.now() + 20_000).toUTCString(), '', '0', '999999'];
    const answers = texts.map((text) => ({ status: 202, body: '', headers: text ? { 'retry-after': text } : {} }));
    answer = async (request) => answers.shift() ?? honest(request);
    const { folder, remove } = await newFolder();
    await enrolAt(bundle, folder, { passphrase, clock: quickClock((ms) => waits.push(ms)) });
    const [seconds, date, ...others] = waits;
    assert.equal(seconds, 7_000);
    assert.ok(date! > 15_000 && date! <= 20_000, String(date));
    assert.deepEqual(others, [60_000, 1_000, 3_600_000]);
    await remove();
  });

  test('a server that breaks the handshake off because of our certificate (openssl s_server)', async () => {
    const { certificatePem, keyPem } = await cloud.ca.issueServerCertificate(['localhost']);
    const files = { cert: certificatePem, key: keyPem, CAfile: cloud.ca.operational.certificatePem };
    const options = Object.entries(files).flatMap(([name, pem]) => {
      writeFileSync(join(cloud.folder, name), pem);
      return [`-${name}`, join(cloud.folder, name)];
    });
    const strict = ['s_server', '-accept', '127.0.0.1:0', '-Verify', '1', '-verify_return_error', '-www', ...options];
    const server = spawn('openssl', strict, { stdio: ['ignore', 'pipe', 'ignore'] });
    const port = await new Promise<string>((resolve) =>
      server.stdout.on('data', (piece) => /ACCEPT .*:(\d+)/.exec(String(piece))?.slice(1).map(resolve)),
    );
    const { folder, remove } = await newFolder();
    const stop = new AbortController();
    const est = new EstClient({
      url: `https://localhost:${port}`,
      caPem: bundle.serverCa,
      clock: quickClock(() => stop.abort(new Error('tried again'))),
    });
    const authorities = async () => [cloud.ca.operational.certificate];
    const deps = { est: { caCertificates: authorities, enrol: est.enrol.bind(est) }, signal: stop.signal };
    try {
      await assert.rejects(enrolAt(bundle, folder, { passphrase, ...deps }), { code: 'CLIENT_CERTIFICATE_REFUSED' });
    } finally {
      server.kill();
      await remove();
    }
  });

  test('a server that does not speak TLS is unreachable, and asked again', async () => {
    const plain = createServer((_request, response) => response.end('hello'));
    await new Promise<void>((resolve) => plain.listen(0, '127.0.0.1', resolve));
    const stop = new AbortController();
    const codes: unknown[] = [];
    const est = new EstClient({
      url: `https://127.0.0.1:${(plain.address() as AddressInfo).port}`,
      caPem: bundle.serverCa,
      clock: quickClock(() => stop.abort(new Error('enough'))),
      onRetry: (error) => codes.push((error as { code?: string }).code),
    });
    await assert.rejects(est.caCertificates(stop.signal), { message: 'enough' });
    assert.deepEqual(codes, ['UNREACHABLE']);
    plain.close();
  });
});
