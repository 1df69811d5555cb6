import assert from 'node:assert/strict';
import { type ChildProcess, spawn } from 'node:child_process';
import { createHash, randomBytes } from 'node:crypto';
import { once } from 'node:events';
import { writeFile } from 'node:fs/promises';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { BlobSASPermissions, generateBlobSASQueryParameters, StorageSharedKeyCredential } from '@azure/storage-blob';
import { openRegistry } from './registry/registry.ts';
import type { Credential } from './testing/certificates.ts';
import { call, service } from './testing/clients.ts';
import { packetTypes, RawMqtt, readPublish } from './testing/raw-mqtt.ts';
import { World } from './testing/world.ts';

/** kill -9 in the midst of traffic: what was acknowledged is there, exactly. */

const rounds = 6;

let world: World;
let device: Credential;
let child: ChildProcess | undefined;

before(async () => {
  world = await World.make();
  await writeFile(join(world.folder, 'settings.json'), JSON.stringify(world.settings));
  device = await world.device('dev1');
});

after(async () => {
  child?.kill('SIGKILL');
  await world.close();
});

async function startChild(): Promise<void> {
  const script = fileURLToPath(new URL('testing/hub-child.ts', import.meta.url));
  child = spawn(process.execPath, [script, world.folder], { stdio: ['ignore', 'pipe', 'inherit'] });
  const [line] = (await once(createInterface({ input: child.stdout as NodeJS.ReadableStream }), 'line')) as [string];
  world.ports = JSON.parse(line) as World['ports'];
}

async function killChild(): Promise<void> {
  const gone = once(child as ChildProcess, 'exit');
  child?.kill('SIGKILL');
  await gone;
}

/** What the hub has acknowledged, by the clients' own notes. */
const acknowledged = { events: new Map<string, string>(), blobs: new Map<string, string>(), reported: 0 };
const sent = new Set<string>();

async function online(): Promise<RawMqtt> {
  const client = await RawMqtt.open(world.ports.mqttPort, world.authority.certPem, device);
  assert.equal(
    await client.connect({ clientId: 'dev1', userName: 'hub.test/dev1/?api-version=2021-04-12', clean: false }),
    0,
  );
  return client;
}

async function sendEvents(client: RawMqtt, round: number): Promise<void> {
  for (let n = 0; !client.closed; n += 20) {
    const window = Array.from({ length: 20 }, (_, i) => ({
      id: n + i + 1,
      name: `${round}-${n + i}`,
      body: randomBytes(500),
    }));
    for (const { id, name, body } of window) {
      sent.add(name);
      client.publish(`devices/dev1/messages/events/%24.mid=${name}`, body, { qos: 1, id });
    }
    for (let i = 0; i < window.length; i++) {
      const packet = await client.next(packetTypes.puback);
      const one = window.find(({ id }) => id === packet?.content.readUInt16BE(0));
      if (one) acknowledged.events.set(one.name, one.body.toString('base64'));
    }
  }
}

async function reportTwin(client: RawMqtt): Promise<void> {
  while (!client.closed) {
    const next = acknowledged.reported + 1;
    client.publish(`$iothub/twin/PATCH/properties/reported/?$rid=r${next}`, JSON.stringify({ n: next }));
    const answer = await client.next(packetTypes.publish);
    if (answer && readPublish(answer).topic.startsWith('$iothub/twin/res/204/')) acknowledged.reported = next;
  }
}

function blobUrl(name: string): string {
  const { name: account, key } = world.settings.storageAccount;
  const sas = generateBlobSASQueryParameters(
    {
      containerName: 'uploads',
      blobName: name,
      permissions: BlobSASPermissions.parse('rcw'),
      expiresOn: new Date(Date.now() + 600_000),
    },
    new StorageSharedKeyCredential(account, key),
  );
  return `/${account}/uploads/${name}?${sas.toString()}`;
}

async function uploadBlobs(round: number, isOver: () => boolean): Promise<void> {
  for (let n = 0; !isOver(); n++) {
    const [name, pieces] = [`dev1/${round}-${n}`, [randomBytes(200_000), randomBytes(200_000)]];
    const ids = ['AAAA', 'BBBB'];
    try {
      for (const [at, id] of ids.entries()) {
        const put = await call(world, 'PUT', `${blobUrl(name)}&comp=block&blockid=${id}`, {
          body: pieces[at] as Buffer,
        });
        assert.equal(put.status, 201);
      }
      const body = `<BlockList>${ids.map((id) => `<Latest>${id}</Latest>`).join('')}</BlockList>`;
      const commit = await call(world, 'PUT', `${blobUrl(name)}&comp=blocklist`, { body });
      if (commit.status === 201) acknowledged.blobs.set(name, digest(Buffer.concat(pieces)));
    } catch (error) {
      if (!isOver()) throw error;
    }
  }
}

test(`kill -9 during traffic, ${rounds} times: every acknowledged event, twin report and blob is there, exactly`, async () => {
  for (let round = 0; round < rounds; round++) {
    await startChild();
    let killed = false;
    const client = await online();
    const traffic = Promise.all([sendEvents(client, round), reportTwin(client), uploadBlobs(round, () => killed)]);
    await new Promise((resolve) => setTimeout(resolve, 150 + Math.random() * 350));
    // On a busy machine a round may have acknowledged nothing yet: it goes on until one more blob was.
    for (let waited = 0; acknowledged.blobs.size <= round && waited < 10_000; waited += 5) {
      await new Promise((resolve) => setTimeout(resolve, 5));
    }
    killed = true;
    await killChild();
    await traffic;
  }
  await startChild();
  assert.ok(acknowledged.events.size > 100, `${acknowledged.events.size} events acknowledged`);
  assert.ok(acknowledged.blobs.size > 5, `${acknowledged.blobs.size} blobs acknowledged`);
  assert.ok(acknowledged.reported > 10, `${acknowledged.reported} twin reports acknowledged`);
  await eventsAreThere();
  await blobsAreThere();
  const twin = await service(world, 'GET', '/twins/dev1');
  const { n } = (twin.json as { properties: { reported: { n: number } } }).properties.reported;
  assert.ok(n === acknowledged.reported || n === acknowledged.reported + 1);
  const registry = await openRegistry(world.hubFolder);
  assert.equal(registry.device('dev1')?.connected, false, 'nobody counts as connected after a crash');
  registry.close();
  await killChild();
});

async function eventsAreThere(): Promise<void> {
  const found = new Map<string, string>();
  let sequence = 0;
  for (;;) {
    const { json } = await service(world, 'GET', `/vestibule/events?after=${sequence}&limit=1000`);
    const { events } = json as { events: { sequence: number; messageId: string; body: string }[] };
    if (events.length === 0) break;
    for (const event of events) {
      assert.ok(event.sequence > sequence);
      sequence = event.sequence;
      assert.ok(sent.has(event.messageId) && !found.has(event.messageId), 'sent, and once');
      found.set(event.messageId, event.body);
    }
  }
  for (const [name, body] of acknowledged.events) assert.equal(found.get(name), body, name);
}

async function blobsAreThere(): Promise<void> {
  for (const [name, expected] of acknowledged.blobs) {
    const answer = await call(world, 'GET', blobUrl(name));
    assert.equal(answer.status, 200, name);
    assert.equal(digest(answer.bytes), expected, name);
  }
}

function digest(bytes: Uint8Array): string {
  return createHash('sha256').update(bytes).digest('hex');
}
