import assert from 'node:assert/strict';
import { readFile } from 'node:fs/promises';
import { after, before, type TestContext, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { assembleHub } from '../assembly.ts';
import { openRegistry } from '../registry/registry.ts';
import { closeStores, openStores } from '../stores.ts';
import { type Credential, TestAuthority } from '../testing/certificates.ts';
import { call, eventually, service } from '../testing/clients.ts';
import { lengthBytes, packetTypes, RawMqtt, readPublish } from '../testing/raw-mqtt.ts';
import { World } from '../testing/world.ts';

let world: World;
let dev1: Credential;

before(async () => {
  world = await (await World.make({ logFile: true, limits: { registryPollMs: 50 } })).start();
  dev1 = await world.device('dev1');
});

after(() => world.close());

const userName = (id: string, host = 'hub.test') => `${host}/${id}/?api-version=2021-04-12&DeviceClientType=test`;
const raw = (credential?: Credential) => RawMqtt.open(world.hub.mqttPort, world.authority.certPem, credential);

async function online(id = 'dev1', credential = dev1, clean = true): Promise<RawMqtt> {
  const client = await raw(credential);
  assert.equal(await client.connect({ clientId: id, userName: userName(id), clean }), 0);
  return client;
}

async function reasons(): Promise<string[]> {
  const lines = (await readFile(world.logPath, 'utf8')).trim().split('\n');
  return lines.map((line) => (JSON.parse(line) as { reason?: string }).reason ?? '').filter((reason) => reason !== '');
}

async function refused(
  why: string,
  credential: Credential | undefined,
  connect: Parameters<RawMqtt['connect']>[0] = { clientId: 'dev1', userName: userName('dev1') },
): Promise<void> {
  const client = await raw(credential);
  assert.equal(await client.connect(connect), 5, why);
  assert.ok(await client.closes());
  assert.equal((await reasons()).at(-1), why);
}

test('CONNECT: each wrong certificate gets return code 5, and the log says which it was', async () => {
  const other = await TestAuthority.make(world.folder, 'onboarding');
  const below = await world.authority.issue({ commonName: 'below', isCa: true });
  await refused('no-certificate', undefined);
  await refused('untrusted-issuer', await other.issue({ commonName: 'dev1' }));
  await refused('expired', await world.authority.issue({ commonName: 'dev1', days: -1 }));
  await refused('not-a-client-certificate', await world.authority.issue({ commonName: 'dev1', usage: 'serverAuth' }));
  await refused('not-a-client-certificate', below);
  await refused('certificate-of-another-device', await world.authority.issue({ commonName: 'dev9' }));
});

test('CONNECT: a wrong name, a password and a will are refused', async () => {
  const name = userName('dev1');
  await refused('malformed-user-name', dev1, { clientId: 'dev1', userName: 'hub.test' });
  await refused('wrong-host', dev1, { clientId: 'dev1', userName: userName('dev1', 'other.test') });
  await refused('client-id-mismatch', dev1, { clientId: 'dev2', userName: name });
  await refused('certificate-of-another-device', dev1, { clientId: 'dev2', userName: userName('dev2') });
  await refused('password-not-accepted', dev1, { clientId: 'dev1', userName: name, password: 'x' });
  await refused('will-not-accepted', dev1, { clientId: 'dev1', userName: name, will: { topic: 'a', body: 'b' } });
  const dps = '1ne/registrations/dev1/api-version=2019-03-31';
  await refused('wrong-id-scope', dev1, { clientId: 'dev1', userName: dps });
});

test('CONNECT: an unknown and a disabled device are refused; disabling ends the open connection', async () => {
  const stranger = await world.authority.issue({ commonName: 'stranger' });
  await refused('unknown-or-disabled-device', stranger, { clientId: 'stranger', userName: userName('stranger') });
  const credential = await world.device('dev4');
  const client = await online('dev4', credential);
  const elsewhere = await openRegistry(world.hubFolder);
  elsewhere.setEnabled('dev4', false);
  assert.ok(await client.closes(), 'a change by another process takes hold');
  await refused('unknown-or-disabled-device', credential, { clientId: 'dev4', userName: userName('dev4') });
  elsewhere.setEnabled('dev4', true);
  elsewhere.close();
  const again = await online('dev4', credential);
  assert.equal((await service(world, 'DELETE', '/devices/dev4')).status, 204);
  assert.ok(await again.closes(), 'a deleted device is disconnected');
});

/** A hub's parts without the hub: to meet it in a state that it is in for a moment only. */
async function parts(t: TestContext, isServing: boolean) {
  const folder = `${world.folder}/parts-${isServing}`;
  const deps = { clock: systemClock, log: world.log, folder, settings: world.settings };
  const stores = await openStores(deps);
  const stopping = new AbortController();
  const made = assembleHub(deps, stores, {
    isServing: () => isServing,
    stopping: stopping.signal,
    httpsPort: () => 1,
  });
  await made.broker.start();
  await made.listener.listen(0, '127.0.0.1');
  t.after(async () => {
    await made.broker.stop();
    made.attendance.everyoneLeft();
    await made.listener.close();
    await made.app.close();
    closeStores(stores);
  });
  return { ...made, stores, open: () => RawMqtt.open(made.listener.port, world.authority.certPem, dev1) };
}

test('CONNECT while the hub starts: return code 3, and HTTPS answers 503', async (t) => {
  const { app, open } = await parts(t, false);
  const client = await open();
  assert.equal(await client.connect({ clientId: 'dev1', userName: userName('dev1') }), 3);
  for (const [method, url, form] of [
    ['GET', '/twins/dev1', /^\{"Message":"ErrorCode:ServiceUnavailable;/],
    ['GET', '/vestibule/uploads/x', /<Code>ServerBusy</],
  ] as const) {
    const answer = await app.inject({ method, url });
    assert.equal(answer.statusCode, 503);
    assert.match(answer.body, form);
  }
  const { headersTimeout, requestTimeout, timeout } = app.server;
  assert.deepEqual([headersTimeout, requestTimeout, timeout], [20_000, 900_000, 120_000], 'slow requests end');
});

test('a full disk: the event is not acknowledged and the connection closes; with room it goes on', async (t) => {
  const { stores, open } = await parts(t, true);
  stores.registry.createDevice('dev1');
  const connected = async () => {
    const client = await open();
    assert.equal(await client.connect({ clientId: 'dev1', userName: userName('dev1') }), 0);
    return client;
  };
  const pages = Number(stores.events.database.pragma('page_count', { simple: true }));
  stores.events.database.pragma(`max_page_count = ${pages + 5}`);
  const client = await connected();
  client.publish('devices/dev1/messages/events/', Buffer.alloc(200_000), { qos: 1 });
  assert.ok(await client.closes());
  assert.equal(await client.next(packetTypes.puback, 0), undefined);
  stores.events.database.pragma('max_page_count = 1000000');
  const again = await connected();
  again.publish('devices/dev1/messages/events/', Buffer.alloc(200_000), { qos: 1 });
  assert.ok(await again.next(packetTypes.puback));
  assert.equal(stores.events.newest, 1);
  again.destroy();
});

test('a foreign topic, QoS 2, a broken bag and a spoofed answer close the connection', async () => {
  const wrong: readonly (readonly [string, number, string])[] = [
    ['devices/dev2/messages/events/', 1, 'FOREIGN_TOPIC'],
    ['devices/dev1/messages/devicebound/', 0, 'FOREIGN_TOPIC'],
    ['$iothub/twin/res/200/?$rid=1', 0, 'FOREIGN_TOPIC'],
    ['$iothub/methods/POST/acknowledge/?$rid=1', 0, 'FOREIGN_TOPIC'],
    ['$iothub/twin/PATCH/properties/desired/?$version=2', 0, 'FOREIGN_TOPIC'],
    ['$SYS/x', 0, 'FOREIGN_TOPIC'],
    ['$dps/registrations/PUT/iotdps-register/?$rid=1', 1, 'FOREIGN_TOPIC'],
    ['devices/dev1/messages/events/', 2, 'QOS_2'],
    ['devices/dev1/messages/events/a=%E0%A4%A', 1, 'MALFORMED'],
  ];
  for (const [topic, qos, reason] of wrong) {
    const client = await online();
    client.publish(topic, '{}', { qos });
    assert.ok(await client.closes(), topic);
    assert.equal(await client.next(packetTypes.puback, 0), undefined, `${topic} is not acknowledged`);
    assert.equal((await reasons()).at(-1), reason, topic);
  }
});

test('subscriptions: exactly the own topics are granted', async () => {
  const client = await online();
  assert.equal(await client.subscribe('$iothub/twin/res/#'), 0);
  assert.equal(await client.subscribe('$iothub/methods/POST/#'), 0);
  assert.equal(await client.subscribe('$iothub/twin/PATCH/properties/desired/#'), 0);
  assert.equal(await client.subscribe('devices/dev1/messages/devicebound/#', 1), 1);
  for (const filter of [
    '#',
    '$iothub/#',
    'devices/dev2/messages/devicebound/#',
    'devices/+/messages/events/#',
    '$SYS/#',
  ]) {
    assert.equal(await client.subscribe(filter, 1), 128, filter);
  }
  client.destroy();
});

test('nothing is routed between devices', async () => {
  const dev5 = await world.device('dev5');
  const [one, two] = [await online(), await online('dev5', dev5)];
  assert.equal(await two.subscribe('$iothub/twin/res/#'), 0);
  one.publish('$iothub/twin/GET/?$rid=one', ' ');
  const answer = readPublish((await one.next(packetTypes.publish)) ?? assert.fail('no answer'));
  assert.equal(answer.topic, '$iothub/twin/res/200/?$rid=one');
  assert.equal(await two.next(packetTypes.publish, 200), undefined);
  one.destroy();
  two.destroy();
});

test('only the newest connection of a device stays', async () => {
  const first = await online();
  const second = await online();
  assert.ok(await first.closes());
  second.publish('devices/dev1/messages/events/', 'x', { qos: 1, id: 7 });
  assert.deepEqual((await second.next(packetTypes.puback))?.content, Buffer.from([0, 7]));
  second.destroy();
});

test('DPS does not evict the hub session of the same name, and a session is restored with its subscriptions', async () => {
  const first = await online('dev1', dev1, false);
  await first.subscribe('$iothub/twin/PATCH/properties/desired/#');
  const dps = await raw(dev1);
  const dpsName = `${world.settings.idScope}/registrations/dev1/api-version=2019-03-31&ClientVersion=x`;
  assert.equal(await dps.connect({ clientId: 'dev1', userName: dpsName }), 0);
  assert.equal(first.closed, false);
  first.destroy();
  dps.destroy();
  await world.restart();
  const second = await online('dev1', dev1, false);
  await service(world, 'PATCH', '/twins/dev1', { properties: { desired: { n: 1 } } });
  const push = readPublish((await second.next(packetTypes.publish)) ?? assert.fail('the subscription was lost'));
  assert.deepEqual(JSON.parse(push.body), { n: 1, $version: 2 });
  second.destroy();
  const clean = await online('dev1', dev1, true);
  await service(world, 'PATCH', '/twins/dev1', { properties: { desired: { n: 2 } } });
  assert.equal(await clean.next(packetTypes.publish, 200), undefined, 'a clean session starts empty');
  clean.destroy();
});

test('frames that say they are too long are cut before they are read', async () => {
  const stranger = await raw();
  stranger.socket.write(Buffer.from([0x10, ...lengthBytes(9000)]));
  assert.ok(await stranger.closes(), 'a CONNECT of 9 KB');
  const client = await online();
  client.socket.write(Buffer.from([0x30, ...lengthBytes(400_000)]));
  assert.ok(await client.closes(), 'a PUBLISH of 400 KB');
  const large = await online();
  large.publish('devices/dev1/messages/events/', Buffer.alloc(256 * 1024 + 1), { qos: 1 });
  assert.ok(await large.closes(), 'an event of 256 KiB and a byte');
  assert.deepEqual((await reasons()).slice(-3), ['frame-too-large', 'frame-too-large', 'TOO_LARGE']);
  const fits = await online();
  fits.publish('devices/dev1/messages/events/', Buffer.alloc(256 * 1024), { qos: 1 });
  assert.ok(await fits.next(packetTypes.puback), 'an event of 256 KiB');
  fits.destroy();
});

test('twin patches: refusals are answered in the documented form and change nothing', async () => {
  const client = await online();
  const ask = async (body: string) => {
    client.publish('$iothub/twin/PATCH/properties/reported/?$rid=r1', body);
    return readPublish((await client.next(packetTypes.publish)) ?? assert.fail('no answer'));
  };
  const large = JSON.stringify(Object.fromEntries(Array.from({ length: 10 }, (_, i) => [`k${i}`, 'x'.repeat(4000)])));
  for (const [body, status, code] of [
    ['nonsense', 400, 400004],
    ['[1]', 400, 400004],
    ['{"a.b":1}', 400, 400004],
    [JSON.stringify({ a: 'x'.repeat(4097) }), 400, 400004],
    [large, 413, 413001],
  ] as const) {
    const { topic, body: answer } = await ask(body);
    assert.equal(topic, `$iothub/twin/res/${status}/?$rid=r1`);
    const { errorCode, trackingId, message, timestampUtc } = JSON.parse(answer) as Record<string, unknown>;
    assert.equal(errorCode, code);
    assert.ok(trackingId && message && timestampUtc);
  }
  assert.equal((await ask('{"ok":1}')).topic, '$iothub/twin/res/204/?$rid=r1&$version=2');
  client.destroy();
});

test('a retained event is told as such and kept for nobody', async () => {
  const client = await online();
  client.publish('devices/dev1/messages/events/%24.mid=keep', 'x', { qos: 1, retain: true });
  await client.next(packetTypes.puback);
  const { json } = await service(world, 'GET', '/vestibule/events?limit=1000');
  const events = (json as { events: { messageId?: string; properties: object }[] }).events;
  assert.deepEqual(events.find((event) => event.messageId === 'keep')?.properties, { 'mqtt-retain': 'true' });
  client.destroy();
});

test('the registry shows who is connected and what certificate it has', async () => {
  const client = await online();
  const registry = await openRegistry(world.hubFolder);
  const found = registry.device('dev1');
  assert.equal(found?.connected, true);
  assert.match(found?.certificate?.sha256Thumbprint ?? '', /^[0-9A-F]{64}$/);
  client.destroy();
  await eventually(() => registry.device('dev1')?.connected === false);
  registry.close();
  assert.equal((await call(world, 'GET', '/devices/dev1')).status, 401);
});
