import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { TestAuthority } from '../testing/authority.ts';
import { TestDevice } from '../testing/device.ts';
import { HubWorld } from '../testing/hub-world.ts';
import { StorageBlobs } from './blobs.ts';
import { EmbeddedHubChannel } from './embedded-hub.ts';
import { HttpsClient } from './http.ts';

const signal = new AbortController().signal;
const clients: HttpsClient[] = [];
let world: HubWorld;
let device: TestDevice;

before(async () => {
  world = await HubWorld.start();
  device = await (await TestDevice.make(world, 'dev-1')).connect();
});
after(async () => {
  for (const client of clients) client.close();
  await device.disconnect();
  await world.close();
});

function http(caPem = world.authority.certPem, port = world.hub.httpsPort): HttpsClient {
  const client = new HttpsClient({ host: 'localhost', port, caPem });
  clients.push(client);
  return client;
}

function channel(more: { http?: HttpsClient; serviceKey?: string } = {}): EmbeddedHubChannel {
  const { serviceKey } = world.settings;
  const deps = { clock: systemClock, http: more.http ?? http(), host: 'localhost', callMs: 2_000, methodSeconds: 5 };
  return new EmbeddedHubChannel({ ...deps, serviceKey: more.serviceKey ?? serviceKey });
}

function blobs(more: { key?: string } = {}): StorageBlobs {
  const { name: account, key } = world.settings.storageAccount;
  const deps = { clock: systemClock, http: http(), account, container: 'uploads', idleMs: 2_000 };
  return new StorageBlobs({ ...deps, key: more.key ?? key });
}

test('hears of an event within one poll, with what the hub asserts about it', async () => {
  const hub = channel();
  const waiting = hub.events({ after: 0, limit: 10, waitSeconds: 5 }, signal);
  await device.send('a.b.c');
  const { events, newest, unreadable } = await waiting;
  assert.deepEqual(unreadable, []);
  assert.equal(newest, 1);
  assert.equal(events[0]?.deviceId, 'dev-1');
  assert.equal(events[0]?.properties.kind, 'batch');
  assert.equal(events[0]?.body.toString(), 'a.b.c');
  await hub.trim(1, signal);
  assert.deepEqual((await hub.events({ after: 0, limit: 10, waitSeconds: 0 }, signal)).events, []);
});

test('a poll ends when its signal aborts', async () => {
  const stop = new AbortController();
  const waiting = channel().events({ after: 100, limit: 10, waitSeconds: 30 }, stop.signal);
  setTimeout(() => stop.abort(new Error('stopping')), 50);
  await assert.rejects(waiting);
});

test('methods reach the device, or say why not', async () => {
  const call = { method: 'acknowledge', payload: { receipt: 'x' } };
  assert.deepEqual(await channel().invoke('dev-1', call, signal), { status: 200, payload: null });
  await assert.rejects(channel().invoke('nobody', call, signal), { code: 'DEVICE_OFFLINE' });
  await world.register('dev-2');
  await assert.rejects(channel().invoke('dev-2', call, signal), { code: 'DEVICE_OFFLINE' });
});

test('reads a blob, knows one that is missing', async () => {
  const name = await device.upload(Buffer.from('content'), 'a/b.case');
  const blob = await blobs().open(name, signal);
  assert.equal(blob.bytes, 7);
  const pieces: Uint8Array[] = [];
  for await (const piece of blob.content) pieces.push(piece);
  assert.equal(Buffer.concat(pieces).toString(), 'content');
  await assert.rejects(blobs().open('dev-1/nowhere', signal), { code: 'BLOB_MISSING' });
});

test('a wrong key is DENIED, a wrong CA gets nothing, a dead port is UNAVAILABLE', async () => {
  const query = { after: 0, limit: 1, waitSeconds: 0 };
  const wrongKey = channel({ serviceKey: Buffer.alloc(32).toString('base64') });
  await assert.rejects(wrongKey.events(query, signal), { code: 'HUB_DENIED' });
  await assert.rejects(blobs({ key: Buffer.alloc(64).toString('base64') }).open('dev-1/x', signal), {
    code: 'HUB_DENIED',
  });
  const stranger = await TestAuthority.make('stranger');
  await assert.rejects(channel({ http: http(stranger.certPem) }).events(query, signal), { code: 'SERVER_NOT_TRUSTED' });
  const nobody = channel({ http: http(world.authority.certPem, 1) });
  await assert.rejects(nobody.events(query, signal), { code: 'HUB_UNAVAILABLE' });
});
