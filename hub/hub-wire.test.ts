import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { Readable } from 'node:stream';
import { after, before, type TestContext, test } from 'node:test';
import tls from 'node:tls';
import azureDevice, { type Client, type Twin } from 'azure-iot-device';
import azureService from 'azure-iothub';
import { openRegistry } from './registry/registry.ts';
import { agentTo, blobClient, closeClient, deviceClient, eventually, register, service } from './testing/clients.ts';
import { World } from './testing/world.ts';

/** Microsoft's SDKs, unmodified, over real TLS. */

interface EventPage {
  readonly events: readonly {
    readonly sequence: number;
    readonly deviceId: string;
    readonly messageId?: string;
    readonly contentType?: string;
    readonly properties: Readonly<Record<string, string>>;
    readonly enqueuedAt: string;
    readonly body: string;
  }[];
}

let world: World;

before(async () => {
  world = await (await World.make({ logFile: true })).start();
  tls.setDefaultCACertificates([...tls.getCACertificates('default'), world.authority.certPem]);
});

after(async () => {
  await world.close();
});

/** A connected device, closed at the end of its test. */
async function connect(t: TestContext, deviceId: string): Promise<Client> {
  const client = await deviceClient(world, deviceId, await world.device(deviceId));
  await client.open();
  t.after(() => closeClient(client));
  return client;
}

const connectionString = () =>
  `HostName=${world.settings.hostName};SharedAccessKeyName=service;SharedAccessKey=${world.settings.serviceKey}`;

/** The service SDK has no option for the port; its HTTP layer takes an agent. */
function atHub<T extends object>(client: T): T {
  const { _restApiClient: rest } = client as { _restApiClient?: { setOptions(options: object): void } };
  rest?.setOptions({ http: { agent: agentTo(world) } });
  return client;
}

const serviceRegistry = () => atHub(azureService.Registry.fromConnectionString(connectionString()));
const serviceClient = () => atHub(azureService.Client.fromConnectionString(connectionString()));

test('telemetry: an acknowledged event stands in the log with its id, type, properties and body', async (t) => {
  const client = await connect(t, 'dev1');
  const message = new azureDevice.Message('{"a":"é"}');
  message.messageId = 'm-1';
  message.contentType = 'application/json';
  message.contentEncoding = 'utf-8';
  message.properties.add('kind', 'batch');
  message.properties.add('odd key', 'a=b&c/d é');
  await client.sendEvent(message);
  const { status, json } = await service(world, 'GET', '/vestibule/events?after=0&limit=10');
  assert.equal(status, 200);
  const [event] = (json as EventPage).events;
  assert.ok(event);
  assert.deepEqual(
    { ...event, enqueuedAt: '', sequence: 0 },
    {
      sequence: 0,
      deviceId: 'dev1',
      messageId: 'm-1',
      contentType: 'application/json',
      properties: { kind: 'batch', 'odd key': 'a=b&c/d é', '$.ce': 'utf-8' },
      enqueuedAt: '',
      body: Buffer.from('{"a":"é"}').toString('base64'),
    },
  );
  const trimmed = await service(world, 'POST', `/vestibule/events/trim?through=${event.sequence}`);
  assert.deepEqual(trimmed.json, { trimmed: 1 });
  assert.deepEqual((await service(world, 'GET', '/vestibule/events')).json, { events: [] });
});

test('a long poll is answered by the event that comes', async (t) => {
  const client = await connect(t, 'dev1-poll');
  const poll = service(world, 'GET', '/vestibule/events?after=1&limit=10&wait=20');
  await new Promise((resolve) => setTimeout(resolve, 100));
  const started = performance.now();
  await client.sendEvent(new azureDevice.Message('x'));
  assert.equal(((await poll).json as EventPage).events.length, 1);
  assert.ok(performance.now() - started < 5000);
});

test('twin: get, reported patch, desired push', async (t) => {
  const client = await connect(t, 'dev2');
  const twin: Twin = await client.getTwin();
  assert.equal(twin.properties.desired.$version, 1);
  await report(twin, { a: { b: 1, c: null }, s: 'x' });
  const pushed: unknown[] = [];
  twin.on('properties.desired', (delta) => pushed.push(delta));
  await eventually(() => pushed.length === 1);
  const registry = serviceRegistry();
  const { responseBody: before } = await registry.getTwin('dev2');
  const changed = await registry.updateTwin('dev2', { properties: { desired: { order: { n: 7 } } } }, before.etag);
  assert.notEqual(changed.responseBody.etag, before.etag);
  await eventually(() => pushed.length === 2);
  assert.deepEqual(pushed[1], { order: { n: 7 }, $version: 2 });
  const seen = changed.responseBody.properties;
  assert.deepEqual(seen.reported.a, { b: 1 });
  assert.equal(seen.reported.$version, 2);
  assert.ok(seen.desired.$metadata.order.n.$lastUpdatedVersion === 2);
  await assert.rejects(registry.updateTwin('dev2', {}, before.etag), { name: 'InvalidEtagError' });
  await assert.rejects(report(twin, { big: 'x'.repeat(5000) }), /4096/);
  const replaced = await service(world, 'PUT', '/twins/dev2', { properties: { desired: { other: true } } });
  assert.equal(replaced.status, 200);
  await eventually(() => pushed.length === 3);
  assert.deepEqual(pushed[2], { other: true, order: null, $version: 3 });
});

test('direct methods: answer, offline device, no answer, bad call', async (t) => {
  const client = await connect(t, 'dev3');
  client.onDeviceMethod('acknowledge', (request, response) => {
    void response.send(207, { got: request.payload });
  });
  client.onDeviceMethod('silent', () => {});
  await eventually(async () => {
    const { status } = await service(world, 'POST', '/twins/dev3/methods', { methodName: 'acknowledge' });
    return status === 200;
  });
  const caller = serviceClient();
  const answered = await caller.invokeDeviceMethod('dev3', {
    methodName: 'acknowledge',
    payload: { receipt: 'é' },
    responseTimeoutInSeconds: 10,
  });
  assert.deepEqual(answered.result, { status: 207, payload: { got: { receipt: 'é' } } });
  const silent = { methodName: 'silent', responseTimeoutInSeconds: 5, connectTimeoutInSeconds: 0 };
  await assert.rejects(caller.invokeDeviceMethod('dev3', silent), { name: 'GatewayTimeoutError' });
  await world.device('dev3-offline');
  const offline = await service(world, 'POST', '/twins/dev3-offline/methods', { methodName: 'acknowledge' });
  assert.equal(offline.status, 404);
  assert.match((offline.json as { Message: string }).Message, /^ErrorCode:DeviceNotOnline;E404103 /);
  await assert.rejects(caller.invokeDeviceMethod('nobody', silent), { name: 'DeviceNotFoundError' });
  const bad = await service(world, 'POST', '/twins/dev3/methods', { methodName: 'a/b' });
  assert.equal(bad.status, 400);
});

test('a method waits for a device that connects within its connect timeout', async (t) => {
  await world.device('dev3-late');
  const answer = service(world, 'POST', '/twins/dev3-late/methods', {
    methodName: 'acknowledge',
    connectTimeoutInSeconds: 20,
  });
  await new Promise((resolve) => setTimeout(resolve, 100));
  const client = await connect(t, 'dev3-late');
  client.onDeviceMethod('acknowledge', (_request, response) => void response.send(200));
  assert.deepEqual((await answer).json, { status: 200, payload: null });
});

test('DPS: an enrolled device is assigned to this hub and may connect; another is not', async () => {
  const registry = await openRegistry(world.hubFolder);
  registry.enrol({ registrationId: 'dev4' });
  const credential = await world.authority.issue({ commonName: 'dev4' });
  const assigned = await register(world, 'dev4', credential);
  assert.equal(assigned.assignedHub, 'localhost');
  assert.equal(assigned.deviceId, 'dev4');
  assert.equal(registry.device('dev4')?.enabled, true);
  const client = await deviceClient(world, 'dev4', credential);
  await client.open();
  await closeClient(client);
  registry.setEnabled('dev4', false);
  await assert.rejects(register(world, 'dev4', credential), { name: 'UnauthorizedError' });
  const stranger = await world.authority.issue({ commonName: 'dev5' });
  await assert.rejects(register(world, 'dev5', stranger), { name: 'UnauthorizedError' });
  assert.equal(registry.device('dev5'), undefined);
  await assert.rejects(register(world, 'dev5', stranger, 'other-scope'));
  registry.close();
});

test('file upload: token, blocks with the current blob SDK, notification; the eleventh is refused', async (t) => {
  const client = await connect(t, 'dev6');
  const ticket = await client.getBlobSharedAccessSignature('case-1/review.case');
  assert.equal(ticket.blobName, 'dev6/case-1/review.case');
  assert.equal(ticket.containerName, 'vestibule/uploads');
  assert.equal(ticket.hostName, `localhost:${world.hub.httpsPort}`);
  const url = `https://${ticket.hostName}/${ticket.containerName}/${ticket.blobName}${ticket.sasToken}`;
  const blob = blobClient(world, url);
  const id = Buffer.from('block-0').toString('base64');
  await blob.stageBlock(id, 'hello', 5);
  await blob.commitBlockList([id]);
  assert.equal((await blob.downloadToBuffer()).toString(), 'hello');
  const rest = await Promise.all(Array.from({ length: 9 }, (_, n) => client.getBlobSharedAccessSignature(`b${n}`)));
  assert.equal(rest.length, 9);
  await assert.rejects(client.getBlobSharedAccessSignature('eleventh'), (error: { responseBody?: string }) => {
    assert.match(
      error.responseBody ?? '',
      /^\{"Message":"ErrorCode:DeviceMaximumActiveFileUploadLimitExceeded;E403006/,
    );
    return true;
  });
  await client.notifyBlobUploadStatus(ticket.correlationId, true, 201, 'done');
  await client.notifyBlobUploadStatus(ticket.correlationId, true, 201, 'done again');
  await client.getBlobSharedAccessSignature('eleventh');
  await assert.rejects(client.notifyBlobUploadStatus('no-such-upload', true, 201, ''));
});

test('file upload: the device SDK does the whole of it by itself', async (t) => {
  const client = await connect(t, 'dev7');
  const bytes = Buffer.alloc(5 * 1024 * 1024, 'vestibule');
  await client.uploadToBlob('own.bin', Readable.from([bytes]), bytes.length);
  const ticket = await client.getBlobSharedAccessSignature('own.bin');
  const url = `https://${ticket.hostName}/${ticket.containerName}/${ticket.blobName}${ticket.sasToken}`;
  assert.ok((await blobClient(world, url).downloadToBuffer()).equals(bytes));
});

test('file upload: another device, no certificate and names that could wander are refused', async (t) => {
  const client = await connect(t, 'dev8');
  for (const name of ['../dev6/x', 'a//b', '/a', 'a/', 'a b', 'a?b', './a', 'a/../b']) {
    await assert.rejects(client.getBlobSharedAccessSignature(name), name);
  }
  const other = await deviceClient(world, 'dev6', await world.authority.issue({ commonName: 'dev8' }));
  await assert.rejects(other.getBlobSharedAccessSignature('x'), { message: 'Unauthorized' });
});

test('service SDK: the identity registry', async () => {
  const registry = serviceRegistry();
  const authentication = { type: 'certificateAuthority' } as never;
  const { responseBody: made } = await registry.create({ deviceId: 'made', status: 'enabled', authentication });
  assert.equal(made.deviceId, 'made');
  await assert.rejects(registry.create({ deviceId: 'made', authentication }), { name: 'DeviceAlreadyExistsError' });
  await assert.rejects(registry.create({ deviceId: 'keyed' }), { name: 'ArgumentError' });
  const { responseBody: disabled } = await registry.update({ deviceId: 'made', status: 'disabled', authentication });
  assert.equal(disabled.status, 'disabled');
  const { responseBody: all } = await registry.list();
  assert.ok(all.some((device) => device.deviceId === 'made'));
  await registry.delete('made');
  await assert.rejects(registry.get('made'), { name: 'DeviceNotFoundError' });
});

test('after a restart of the hub the same client goes on: events, twin, methods', async (t) => {
  const client = await connect(t, 'dev9');
  const twin = await client.getTwin();
  const pushed: unknown[] = [];
  twin.on('properties.desired', (delta) => pushed.push(delta));
  client.onDeviceMethod('acknowledge', (_request, response) => void response.send(200));
  await eventually(() => pushed.length === 1);
  // Behind a port that stays the same, as in life.
  const ports = { mqttPort: world.hub.mqttPort, httpsPort: world.hub.httpsPort };
  await world.restart(ports);
  await client.sendEvent(new azureDevice.Message('after'));
  await eventually(async () => {
    const { status } = await service(world, 'POST', '/twins/dev9/methods', { methodName: 'acknowledge' });
    return status === 200;
  }, 15_000);
  await service(world, 'PATCH', '/twins/dev9', { properties: { desired: { again: 1 } } });
  await eventually(() => pushed.length === 2);
  assert.deepEqual(pushed[1], { again: 1, $version: 2 });
  const fresh = await client.getTwin();
  assert.equal(fresh.properties.desired.again, 1);
});

function report(twin: Twin, patch: object): Promise<void> {
  return new Promise((resolve, reject) => {
    twin.properties.reported.update(patch, (error: unknown) => (error ? reject(error) : resolve()));
  });
}

test('the log names devices and reasons, and no secret', async () => {
  const log = await readFile(world.logPath, 'utf8');
  assert.match(log, /"event":"upload-opened","device":"dev6"/);
  assert.match(log, /"reason":"certificate-of-another-device"/);
  const { serviceKey, storageAccount, tls: own } = world.settings;
  for (const secret of [serviceKey, storageAccount.key, own.keyPem.split('\n')[1] as string, 'sig=', 'SharedAccess']) {
    assert.ok(!log.includes(secret));
  }
});
