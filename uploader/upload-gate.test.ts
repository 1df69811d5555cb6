import assert from 'node:assert/strict';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { CourierWorld, until } from './testing/world.ts';

const mib = 1024 * 1024;

test('a closed gate lets nothing begin', async (t) => {
  const world = await CourierWorld.make(t);
  world.gate.close();
  await world.seal({ review: 1000 });
  await world.start();
  await after(150);
  assert.deepEqual(world.ledger.read.stageCounts(), { sealed: 1 });
  assert.equal(world.link.open.size + world.server.requests.length + world.link.events.length, 0);
  assert.deepEqual(await world.gate.quiet(50), []);
  world.gate.open();
  await until('it is delivered', () => world.delivered.length === 1);
});

test('a hub that takes its time to answer keeps nobody waiting, and what it answered is used after the opening', async (t) => {
  const world = await CourierWorld.make(t);
  const { link } = world;
  const asked: string[] = [];
  for (const name of ['requestUpload', 'finishUpload', 'sendEvent'] as const) {
    const answer = link[name].bind(link) as (...of: unknown[]) => Promise<unknown>;
    Object.assign(link, {
      [name]: async (...of: unknown[]) => {
        asked.push(name);
        await after(300);
        return answer(...of);
      },
    });
  }
  await world.seal({ review: 1000 });
  await world.start();
  for (const at of [0, 1, 2]) {
    await until('something is asked', () => asked.length > at);
    world.gate.close();
    assert.deepEqual(await world.gate.quiet(100), [], asked[at]);
    const done = () => [asked.length, world.server.requests.length];
    const before = done();
    await after(400);
    assert.deepEqual(done(), before, 'nothing is made of the answer');
    world.gate.open();
  }
  await until('it is delivered', () => world.delivered.length === 1 && link.closed.length === 1);
  // The receipt came behind the closed gate, where none is taken: it is asked for once more.
  assert.deepEqual(asked.toSorted(), ['finishUpload', 'requestUpload', 'sendEvent', 'sendEvent']);
});

test('a gate that closes in the middle of a block stops its bytes; reopened, the same content arrives', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.bytesPerSecond = 1.5 * mib;
  const { archives } = await world.seal({ study: 2 * mib });
  await world.start();
  for (const blocks of [1, 2]) {
    await until('a block is on its way', () => {
      return world.server.staged.length >= blocks && world.server.inFlightBytes > 20_000;
    });
    const broken = world.server.brokenRequests;
    world.gate.close();
    assert.deepEqual(await world.gate.quiet(120), [], 'quiet within 120 ms');
    await until('the connection was reset', () => world.server.brokenRequests > broken);
    const received = world.server.receivedBytes;
    await after(250);
    assert.equal(world.server.receivedBytes, received, 'no byte arrives while it is closed');
    world.gate.open();
  }
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
  assert.equal(world.link.closed.length, 1, 'the ticket outlived both pauses');
});

test('the gate may close and open as it likes: every byte arrives once', async (t) => {
  const world = await CourierWorld.make(t, { policy: { parallelBlocks: 2 } });
  world.server.bytesPerSecond = 20 * mib;
  const { archives } = await world.seal({ study: 8 * mib });
  await world.start();
  for (let n = 0; n < 25 && world.delivered.length === 0; n++) {
    await after(7 + (n % 5) * 9);
    world.gate.close();
    assert.deepEqual(await world.gate.quiet(200), []);
    world.gate.open();
  }
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
});

test('while the gate is closed nothing is asked for and no receipt is taken; it is told again, and taken, when it opens', async (t) => {
  const world = await CourierWorld.make(t, { receiptMs: 20, ceilingMs: 20 });
  world.acknowledges = false;
  await world.seal({ review: 1000 });
  await world.start();
  await until('it was announced', () => world.link.events.length >= 1);
  world.gate.close();
  await world.gate.quiet(100);
  const sent = world.link.events.length;
  await after(150);
  assert.equal(world.link.events.length, sent);
  const event = world.link.events[0];
  assert.ok(event);
  assert.deepEqual(await world.acknowledge(event), { status: 503, payload: { code: 'GATE_CLOSED' } });
  assert.equal(world.ledger.read.receipts().length, 0);
  world.gate.open();
  assert.equal((await world.acknowledge(event)).status, 200);
  assert.equal(world.delivered.length, 1);
});

test('stopping cuts what is in flight and does not wait for it', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.bytesPerSecond = 100_000;
  await world.seal({ study: 3 * mib });
  await world.start();
  await until('a block is on its way', () => world.server.receivedBytes > 0);
  const startedMs = performance.now();
  await world.courier.stop();
  assert.ok(performance.now() - startedMs < 500);
  assert.deepEqual(world.gate.running, []);
});

test('stopping does not wait at a closed gate, nor for a link that is offline', async (t) => {
  const world = await CourierWorld.make(t);
  world.gate.close();
  await world.seal({ review: 1000 });
  await world.start();
  await after(20);
  await world.courier.stop();
  world.link.state = 'offline';
  world.courier = world.newCourier();
  await world.start();
  await after(20);
  await world.courier.stop();
});
