import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { type AddressInfo, createServer, type Server } from 'node:net';
import { join } from 'node:path';
import { after, before, describe, test } from 'node:test';
import { createServer as createTlsServer } from 'node:tls';
import { Aedes } from 'aedes';
import { type DeviceCredential, DpsClient, type DpsClientDeps, KeyFolder, reassign } from '../../certs/index.ts';
import { makeSigningRequest } from '../../certs/signing-request.ts';
import { DevelopmentCa, readSigningRequest, type ServerCertificate } from '../../cloud/ca/index.ts';
import { systemClock } from '../../core/clock.ts';
import { codeOf } from '../../core/errors.ts';
import { silentLog } from '../../core/log.ts';
import { Hub, hubSettingsSchema, openRegistry, type Registry } from '../../hub/index.ts';
import { CloudSide, enrolAt, newFolder, quickClock } from './cloud-side.ts';

const idScope = '0ne0000';

describe('phase 2: registering with DPS through the SDK', () => {
  let cloud: CloudSide;
  let elsewhere: CloudSide;
  let registry: Registry;
  let hub: Hub;
  let hubPort: number;

  before(async () => {
    const onApproved = async (device: string) =>
      void (device === 'stranger' || registry.enrol({ registrationId: device }));
    cloud = await CloudSide.start({ autoApprove: true, onApproved });
    elsewhere = await CloudSide.start();
    registry = await openRegistry(join(cloud.folder, 'hub'));
    hub = await startHub(0);
    hubPort = hub.mqttPort;
  });
  after(async () => {
    await hub.stop();
    registry.close();
    await Promise.all([cloud.stop(), elsewhere.stop()]);
  });

  async function startHub(mqttPort: number): Promise<Hub> {
    const tls = await cloud.ca.issueServerCertificate(['localhost']);
    const settings = hubSettingsSchema.parse({
      hostName: 'localhost',
      mqttPort,
      httpsPort: 0,
      advertised: { host: 'localhost', mqttPort: 0, httpsPort: 0 },
      tls: { certPem: tls.certificatePem, keyPem: tls.keyPem },
      deviceCaPem: cloud.ca.operational.certificatePem,
      idScope,
      serviceKey: randomBytes(32).toString('base64'),
      storageAccount: { name: 'vestibule', key: randomBytes(64).toString('base64') },
    });
    const started = new Hub({ clock: systemClock, log: silentLog, folder: join(cloud.folder, 'hub'), settings });
    await started.start(new AbortController().signal);
    return started;
  }

  const dpsClient = (deps: Partial<DpsClientDeps> = {}) =>
    new DpsClient({ host: 'localhost', port: hubPort, idScope, clock: quickClock(), ...deps });

  /** A certificate for `device` without the EST server between. */
  async function credentialOf(device: string, ca = cloud.ca): Promise<DeviceCredential> {
    const { keyPem, requestPem } = await makeSigningRequest(device);
    const der = Buffer.from(requestPem.replace(/-----[A-Z ]+-----|\s/g, ''), 'base64');
    const certificatePem = await ca.issueOperational(await readSigningRequest(der), device);
    const caPem = cloud.ca.server.certificatePem;
    return { deviceId: device, keyPem, certificatePem, caPem, notAfter: new Date(Date.now() + 1e9) };
  }

  test('both phases: bundle, EST, DPS; the hub is kept and found again without the network', async () => {
    const { path, folder, remove } = await newFolder();
    const { bundle, passphrase } = await cloud.bundle();
    const identity = await enrolAt(bundle, folder, { passphrase, dps: dpsClient() });
    assert.equal(identity.assignedHub, 'localhost');
    assert.ok(registry.device(bundle.device), 'the hub knows the device');
    const never = { register: async () => assert.fail('DPS was asked again') };
    assert.deepEqual(await enrolAt(bundle, await KeyFolder.open(path), { dps: never }), identity);

    const elsewhereNow = { register: async () => ({ assignedHub: 'hub-2.example', deviceId: bundle.device }) };
    assert.equal((await reassign({ folder, dps: elsewhereNow }, identity)).assignedHub, 'hub-2.example');
    assert.equal((await enrolAt(bundle, folder)).assignedHub, 'hub-2.example', 'a hub move is kept');
    await remove();
  });

  test('refused: not enrolled, another id than the certificate, a foreign CA, an expired certificate', async () => {
    const refused = { code: 'REGISTRATION_REFUSED' };
    await assert.rejects(dpsClient().register(await credentialOf('stranger')), refused);
    registry.enrol({ registrationId: 'lab-40' });
    registry.enrol({ registrationId: 'lab-41' });
    const mine = await credentialOf('lab-40');
    await assert.rejects(dpsClient().register({ ...mine, deviceId: 'lab-41' }), refused);
    await assert.rejects(dpsClient().register(await credentialOf('lab-40', elsewhere.ca)), refused);
    const lives = { operationalDays: -1 };
    const late = await DevelopmentCa.open({ folder: join(cloud.folder, 'ca'), clock: systemClock, lives });
    await assert.rejects(dpsClient().register(await credentialOf('lab-40', late)), refused);
    assert.deepEqual(registry.device('lab-40'), undefined);
    assert.equal((await dpsClient().register(mine)).deviceId, 'lab-40', 'control');
  });

  test('a DPS that the bundle does not vouch for, expired, or for another host: refused by the appliance', async () => {
    const credential = await credentialOf('lab-42');
    const expired = await DevelopmentCa.open({
      folder: join(cloud.folder, 'ca'),
      clock: systemClock,
      lives: { serverDays: -1 },
    });
    for (const [certificate, code] of [
      [await elsewhere.ca.issueServerCertificate(['localhost']), 'WRONG_CA'],
      [await expired.issueServerCertificate(['localhost']), 'SERVER_CERTIFICATE_EXPIRED'],
      [await cloud.ca.issueServerCertificate(['dps.example']), 'HOSTNAME_MISMATCH'],
    ] as [ServerCertificate, string][]) {
      const server = createTlsServer({ cert: certificate.certificatePem, key: certificate.keyPem });
      server.on('tlsClientError', () => {});
      const port = await listen(server);
      await assert.rejects(dpsClient({ port }).register(credential), { code });
      server.close();
    }
    await assert.rejects(dpsClient().register({ ...credential, caPem: '' }), { code: 'BUNDLE_INVALID' });
  });

  test('down, then back: registered without anybody doing a thing', async () => {
    registry.enrol({ registrationId: 'lab-43' });
    await hub.stop();
    const codes: (string | undefined)[] = [];
    const clock = {
      ...quickClock(),
      sleep: async () => {
        if (codes.length === 2) hub = await startHub(hubPort);
      },
    };
    const client = dpsClient({ clock, onRetry: (error) => codes.push(codeOf(error)) });
    assert.equal((await client.register(await credentialOf('lab-43'))).assignedHub, 'localhost');
    assert.deepEqual(codes, ['UNREACHABLE', 'UNREACHABLE']);
  });

  test('accepts and says nothing: unreachable at the deadline, cut at an abort, and no socket is left', async () => {
    const silent = createServer((socket) => socket.resume());
    const port = await listen(silent);
    const credential = await credentialOf('lab-44');
    const stop = new AbortController();
    const retried = Promise.withResolvers<unknown>();
    const onRetry = retried.resolve;
    const client = dpsClient({ host: '127.0.0.1', port, clock: systemClock, deadlineMs: 200, onRetry, delay: () => 1 });
    const asked = client.register(credential, stop.signal).catch((reason: unknown) => reason);
    assert.equal(codeOf(await retried.promise), 'UNREACHABLE');
    await once(silent, 'connection');
    stop.abort(new Error('enough'));
    assert.match(String(await asked), /enough|AbortError/);
    silent.close();
    await once(silent, 'close');
  });

  describe('a DPS that is trusted but wrong', () => {
    let server: Server;
    let port: number;
    let broker: Aedes;
    let answer: (rid: string) => { topic: string; payload: string };
    let credential: DeviceCredential;

    before(async () => {
      credential = await credentialOf('lab-45');
      broker = await Aedes.createBroker();
      broker.authorizePublish = (client, packet, done) => {
        const rid = /\$rid=([^&]+)/.exec(packet.topic)?.[1];
        if (rid) client?.publish({ cmd: 'publish', qos: 0, dup: false, retain: false, ...answer(rid) }, () => {});
        done(null);
      };
      const { certificatePem, keyPem } = await cloud.ca.issueServerCertificate(['localhost']);
      server = createTlsServer(
        { cert: certificatePem, key: keyPem, requestCert: true, rejectUnauthorized: false },
        broker.handle,
      );
      port = await listen(server);
    });
    after(async () => {
      await new Promise<void>((resolve) => broker.close(resolve));
      server.close();
    });

    const assigned = (state: object) => (rid: string) => ({
      topic: `$dps/registrations/res/200/?$rid=${rid}`,
      payload: JSON.stringify({ operationId: '5.1', status: 'assigned', registrationState: state }),
    });

    test('answers that are no JSON do not end the process: it is asked again', async () => {
      const stop = new AbortController();
      const codes: (string | undefined)[] = [];
      answer = (rid) => ({ topic: `$dps/registrations/res/200/?$rid=${rid}`, payload: codes.length ? '' : '<html>' });
      const client = dpsClient({
        port,
        deadlineMs: 300,
        onRetry: (error) => {
          codes.push(codeOf(error));
          if (codes.length === 2) stop.abort(new Error('enough'));
        },
      });
      await assert.rejects(client.register(credential, stop.signal), /enough/);
      assert.deepEqual(codes, ['UNREACHABLE', 'UNREACHABLE']);
    });

    test('another device, no host name, a failure, a disabled enrolment: refused', async () => {
      const failing = (status: string) => (rid: string) => ({
        topic: `$dps/registrations/res/200/?$rid=${rid}`,
        payload: JSON.stringify({ operationId: '5.1', status }),
      });
      for (const wrong of [
        assigned({ assignedHub: 'hub.example', deviceId: 'lab-46' }),
        assigned({ assignedHub: 'hub.example/../x', deviceId: 'lab-45' }),
        assigned({ deviceId: 'lab-45' }),
        failing('failed'),
        failing('disabled'),
        (rid: string) => ({ topic: `$dps/registrations/res/403/?$rid=${rid}`, payload: '{}' }),
      ]) {
        answer = wrong;
        await assert.rejects(dpsClient({ port }).register(credential), { code: 'REGISTRATION_REFUSED' });
      }
      answer = assigned({ assignedHub: 'hub.example', deviceId: 'lab-45' });
      assert.equal((await dpsClient({ port }).register(credential)).assignedHub, 'hub.example', 'control');
    });

    test('forgotten by a DPS that was started anew: asked once more; unknown twice: refused', async () => {
      const unknown = (rid: string) => ({
        topic: `$dps/registrations/res/404/?$rid=${rid}`,
        payload: '{"errorCode":404203,"message":"there is no such operation"}',
      });
      let known = false;
      const whenAsked = assigned({ assignedHub: 'hub.example', deviceId: 'lab-45' });
      answer = (rid) => (known ? whenAsked(rid) : unknown(rid));
      const codes: (string | undefined)[] = [];
      const onRetry = (error: unknown) => {
        codes.push(codeOf(error));
        known = codes.length === 1;
      };
      assert.equal((await dpsClient({ port, onRetry }).register(credential)).assignedHub, 'hub.example');
      known = false;
      await assert.rejects(dpsClient({ port, onRetry }).register(credential), { code: 'REGISTRATION_REFUSED' });
      assert.deepEqual(codes, ['SERVER_FAILED', 'SERVER_FAILED']);
    });

    test('assigning for ever ends at the deadline, and nothing goes on asking', async () => {
      answer = (rid) => ({
        topic: `$dps/registrations/res/202/?$rid=${rid}&retry-after=0.05`,
        payload: JSON.stringify({ operationId: '5.1', status: 'assigning' }),
      });
      const stop = new AbortController();
      const retried: (string | undefined)[] = [];
      const onRetry = (error: unknown) => {
        retried.push(codeOf(error));
        stop.abort(new Error('enough'));
      };
      const asking = dpsClient({ port, deadlineMs: 300, onRetry }).register(credential, stop.signal);
      await assert.rejects(asking, /enough/);
      assert.deepEqual(retried, ['UNREACHABLE']);
      let connections = 0;
      server.on('connection', () => connections++);
      await systemClock.sleep(300);
      assert.equal(connections, 0);
    });
  });
});

async function listen(server: Server): Promise<number> {
  server.listen(0, '127.0.0.1');
  await once(server, 'listening');
  return (server.address() as AddressInfo).port;
}
