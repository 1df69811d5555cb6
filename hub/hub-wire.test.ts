import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import azureDevice, { type Client, type Twin } from 'azure-iot-device';
import { deviceClient, eventually, service } from './testing/clients.ts';
import { World } from './testing/world.ts';

interface EventPage {
  readonly events: readonly {
    sequence: number;
    deviceId: string;
    messageId?: string;
    contentType?: string;
    properties: Record<string, string>;
    enqueuedAt: string;
    body: string;
  }[];
}

let world: World;
const open: Client[] = [];

before(async () => {
  world = await (await World.make()).start();
});

after(async () => {
  for (const client of open) await client.close().catch(() => {});
  await world.close();
});

async function connect(deviceId: string): Promise<Client> {
  const client = await deviceClient(world, deviceId, await world.device(deviceId));
  await client.open();
  open.push(client);
  return client;
}

test('telemetry: an acknowledged event stands in the log with its id, type, properties and body', async () => {
  const client = await connect('dev1');
  const message = new azureDevice.Message('{"a":"é"}');
  message.messageId = 'm-1';
  message.contentType = 'application/json';
  message.properties.add('kind', 'batch');
  message.properties.add('odd key', 'a=b&c/d é');
  await client.sendEvent(message);
  const { status, json } = await service(world, 'GET', '/vestibule/events?after=0&limit=10');
  assert.equal(status, 200);
  const [event] = (json as EventPage).events;
  assert.ok(event);
  assert.equal(event.deviceId, 'dev1');
  assert.equal(event.messageId, 'm-1');
  assert.equal(event.contentType, 'application/json');
  assert.deepEqual(event.properties, { kind: 'batch', 'odd key': 'a=b&c/d é' });
  assert.equal(Buffer.from(event.body, 'base64').toString(), '{"a":"é"}');
});

test('twin: get, reported patch, desired push through the SDK', async () => {
  const client = await connect('dev2');
  const twin: Twin = await client.getTwin();
  assert.equal(twin.properties.desired.$version, 1);
  await new Promise<void>((resolve, reject) =>
    twin.properties.reported.update({ a: { b: 1, c: null }, s: 'x' }, (error: unknown) =>
      error ? reject(error) : resolve(),
    ),
  );
  const pushed: unknown[] = [];
  twin.on('properties.desired', (delta) => pushed.push(delta));
  await eventually(() => pushed.length === 1);
  const patched = await service(world, 'PATCH', '/twins/dev2', {
    properties: { desired: { order: { n: 7 } } },
    tags: { site: 'x' },
  });
  assert.equal(patched.status, 200);
  await eventually(() => pushed.length === 2);
  assert.deepEqual(pushed[1], { order: { n: 7 }, $version: 2 });
  const seen = (await service(world, 'GET', '/twins/dev2')).json as {
    properties: { reported: Record<string, unknown> };
  };
  assert.deepEqual(seen.properties.reported.a, { b: 1 });
  assert.equal(seen.properties.reported.$version, 2);
});
