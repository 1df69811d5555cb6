import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { request } from 'node:https';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer, type Server, type TLSSocket } from 'node:tls';
import { DevelopmentCa, type ServerCertificate } from '../cloud/ca/index.ts';
import { systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import type { Reported } from '../protocol/twin.ts';
import { HubLink } from '../twin/index.ts';
import { socketsOf } from './harness/counters.ts';
import { type Credentials, makeCredentials } from './harness/credentials.ts';
import { Site } from './harness/site.ts';
import { until } from './harness/until.ts';

const minuteMs = 60_000;
const reported = { v: 1 } as unknown as Reported;

/** Connects as a device, and tells what came of it: `online`, or the code of the failure. */
async function outcome(who: Credentials, as = who.deviceId): Promise<string> {
  const link = new HubLink({
    clock: systemClock,
    log: silentLog,
    hub: () => ({ host: who.host, mqttPort: who.mqttPort, httpsPort: who.httpsPort, serverCaPem: who.ca }),
    identity: () => ({ deviceId: as, certificatePem: who.cert, keyPem: who.key }),
    snapshot: async () => reported,
    methods: {},
  });
  await link.start(new AbortController().signal);
  try {
    return await until(() => (link.state === 'online' ? 'online' : link.status.error), 'an outcome', 20_000, 20);
  } finally {
    await link.stop();
  }
}

/** Asks for an upload over HTTPS; resolves with the status, or with the TLS error's code. */
function askUpload(who: Credentials, as = who.deviceId): Promise<number | string> {
  const { host, httpsPort: port, cert, key, ca } = who;
  const path = `/devices/${as}/files?api-version=2021-04-12`;
  return new Promise((resolve) => {
    const asking = request({
      host,
      port,
      path,
      method: 'POST',
      cert,
      key,
      ca,
      headers: { 'content-type': 'application/json' },
    });
    asking.on('response', (answer) => {
      answer.resume();
      resolve(answer.statusCode ?? 0);
    });
    asking.on('error', (error: NodeJS.ErrnoException) => resolve(error.code ?? error.message));
    asking.end(JSON.stringify({ blobName: 'test' }));
  });
}

describe('the cloud refuses', () => {
  let site: Site;
  let other: string;
  before(async () => {
    site = await Site.create();
    await site.startCloud();
    other = mkdtempSync(join(tmpdir(), 'vestibule-other-ca-'));
  });
  after(async () => {
    await site.close();
    rmSync(other, { recursive: true });
  });

  test('IDENTITY-01: control: the right certificate is let in, over MQTT and HTTPS', async () => {
    const good = await makeCredentials(site, 'good-1');
    assert.equal(await outcome(good), 'online');
    assert.equal(await askUpload(good), 200);
  });

  test('IDENTITY-02: a certificate of another CA', async () => {
    const foreign = await makeCredentials(site, 'foreign-1', { caFolder: other });
    assert.equal(await outcome(foreign), 'IDENTITY_REFUSED');
    assert.equal(await askUpload(foreign), 401);
  });

  test('IDENTITY-03: an expired certificate', async () => {
    const expired = await makeCredentials(site, 'expired-1', { lifeMs: -minuteMs });
    assert.equal(await outcome(expired), 'IDENTITY_REFUSED');
    assert.equal(await askUpload(expired), 401);
  });

  test("IDENTITY-04: another device's certificate", async () => {
    await makeCredentials(site, 'victim-1');
    const thief = await makeCredentials(site, 'thief-1');
    assert.equal(await outcome(thief, 'victim-1'), 'IDENTITY_REFUSED');
    assert.equal(await askUpload(thief, 'victim-1'), 401);
  });

  test('IDENTITY-05: a device that nobody enrolled', async () => {
    const unknown = await makeCredentials(site, 'unknown-1', { register: false });
    assert.equal(await outcome(unknown), 'IDENTITY_REFUSED');
  });
});

describe('the appliance refuses', () => {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-servers-'));
  let ca: DevelopmentCa;
  before(async () => {
    ca = await DevelopmentCa.open({ folder: join(folder, 'ca'), clock: systemClock });
  });
  after(() => rmSync(folder, { recursive: true }));

  /** Links to a server that shows this certificate; tells the outcome and how many bytes the appliance sent inside TLS. */
  async function meet(shown: ServerCertificate): Promise<{ outcome: string; bytes: number }> {
    let bytes = 0;
    const sockets = new Set<TLSSocket>();
    const server: Server = createServer({ cert: shown.certificatePem, key: shown.keyPem }, (socket) => {
      sockets.add(socket);
      socket.on('error', () => {});
      socket.on('data', (piece) => {
        bytes += piece.length;
      });
    });
    server.on('tlsClientError', () => {});
    await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
    const { port } = server.address() as { port: number };
    const device = await ca.issueServerCertificate(['device']);
    const who = {
      host: 'localhost',
      mqttPort: port,
      httpsPort: port,
      deviceId: 'device',
      cert: device.certificatePem,
      key: device.keyPem,
    };
    try {
      return { outcome: await outcome({ ...who, ca: ca.server.certificatePem }), bytes };
    } finally {
      for (const socket of sockets) socket.destroy();
      await new Promise((resolve) => server.close(resolve));
    }
  }

  const refusal = { outcome: 'SERVER_NOT_TRUSTED', bytes: 0 };

  test('IDENTITY-06: a server of another CA, and nothing is sent to it', async () => {
    const foreign = await DevelopmentCa.open({ folder: join(folder, 'foreign'), clock: systemClock });
    assert.deepEqual(await meet(await foreign.issueServerCertificate(['localhost'])), refusal);
  });

  test('IDENTITY-07: a server whose certificate has expired', async () => {
    const lives = { serverDays: -1 };
    const late = await DevelopmentCa.open({ folder: join(folder, 'ca'), clock: systemClock, lives });
    assert.deepEqual(await meet(await late.issueServerCertificate(['localhost'])), refusal);
  });

  test("IDENTITY-08: a server with another host's certificate", async () => {
    assert.deepEqual(await meet(await ca.issueServerCertificate(['other.example'])), refusal);
  });

  test("IDENTITY-09: a server that shows a device's certificate", async () => {
    const { generateKeyPairSync } = await import('node:crypto');
    const { publicKey, privateKey } = generateKeyPairSync('ec', { namedCurve: 'P-256' });
    const certificate = await ca.operational.issue({
      commonName: 'localhost',
      publicKey,
      purpose: { kind: 'device' },
      lifeMs: minuteMs,
    });
    const keyPem = String(privateKey.export({ type: 'pkcs8', format: 'pem' }));
    assert.deepEqual(await meet({ certificatePem: certificate.toString(), keyPem }), refusal);
  });
});

describe('on the wire', () => {
  let site: Site | undefined;
  after(() => site?.close());

  test('IDENTITY-10: the appliance listens nowhere, speaks to the three named ports alone, and every connection is TLS', async () => {
    const plain: string[] = [];
    const started = new Set<object>();
    site = await Site.create({
      onClientData: (piece, connection) => {
        if (started.has(connection)) return;
        started.add(connection);
        // RFC 8446, 5.1: a connection begins with a handshake record (22) of version 3.x.
        if (piece[0] !== 22 || piece[1] !== 3) plain.push(piece.subarray(0, 16).toString('hex'));
      },
    });
    await site.start();
    await site.simulate(61, 12);
    const seen = new Set<number>();
    const named = Object.values(site.ports).map((port) => port + 3);
    await until(
      async () => {
        for (const socket of socketsOf(site!.appliance.pid)) {
          assert.notEqual(socket.state, '0A', 'a listening socket');
          assert.match(socket.protocol, /^tcp/, 'a UDP socket');
          assert.ok(named.includes(socket.remotePort), `a connection to port ${socket.remotePort}`);
          seen.add(socket.remotePort);
        }
        return site!.appliance.lines.some((line) => line.event === 'case-delivered');
      },
      'delivered',
      60_000,
      5,
    );
    assert.deepEqual(plain, []);
    assert.ok(started.size >= 4, `${started.size} connections: enrolment, provisioning, hub, uploads`);
    assert.ok(seen.size >= 2, 'MQTT and HTTPS were seen among the open sockets');
  });
});
