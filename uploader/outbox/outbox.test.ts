import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { openStore } from '../../core/database.ts';
import type { ItemKind } from '../../protocol/outbox.ts';
import { ledgerMigrations } from '../ledger-schema.ts';
import { CourierWorld, itemsFrom, manifestFrom, until } from '../testing/world.ts';

const soon = { maxItems: 1000, maxBytes: 1024 * 1024, maxAgeMs: 0 };
const archives = { maxArchives: 64, maxEntryBytes: 92_160, maxBytes: 64 * 1024 * 1024 };

async function worldOf(t: TestContext, items = soon): Promise<CourierWorld> {
  return CourierWorld.make(t, { batches: { archives, items } });
}

const countsOf = ({ ledger }: CourierWorld, kind: ItemKind) =>
  ledger.read.outbox.counts().find((counts) => counts.kind === kind);

/** in = delivered + queued + on its way + parked + dropped, of every kind. */
function assertConserved({ ledger }: CourierWorld): void {
  for (const { kind, enqueued, queued, sending, parked, delivered, dropped } of ledger.read.outbox.counts()) {
    assert.equal(enqueued, queued + sending + parked + delivered + dropped, kind);
  }
}

test('small items go inline in one event, and are gone when their receipt was verified', async (t) => {
  const world = await worldOf(t);
  await world.start();
  const bodies = ['{"gate":"open"}', randomBytes(40)];
  const ids = await Promise.all(bodies.map((body) => world.ledger.enqueue({ kind: 'findings', body })));
  await until('they are delivered', () => countsOf(world, 'findings')?.delivered === 2);
  const [event] = world.link.events;
  assert.ok(event);
  const items = await itemsFrom(world, event);
  assert.deepEqual(
    items.map(({ id }) => id),
    ids,
  );
  assert.deepEqual(Buffer.from(items[1]?.body ?? '', 'base64'), bodies[1]);
  assert.deepEqual(manifestFrom(event).archives, []);
  assert.equal(world.server.blobs.size, 0);
  assertConserved(world);
});

test('a thousand telemetry items are one event and one blob, sealed', async (t) => {
  const world = await worldOf(t);
  world.link.state = 'offline';
  await world.start();
  const bodies = Array.from({ length: 1000 }, (_, n) => `{"n":${n},"noise":"${randomBytes(400).toString('hex')}"}`);
  await Promise.all(bodies.map((body) => world.ledger.enqueue({ kind: 'telemetry', body })));
  world.link.state = 'online';
  await until('they are delivered', () => countsOf(world, 'telemetry')?.delivered === 1000);
  assert.equal(world.link.events.length, 1);
  assert.equal(world.server.blobs.size, 1);
  const [event] = world.link.events;
  const [blob] = [...world.server.blobs.values()];
  assert.ok(event && blob);
  assert.equal(blob.content.includes('noise'), false);
  assert.deepEqual(
    (await itemsFrom(world, event)).map(({ body }) => body),
    bodies,
  );
  await until('its ticket is closed', () => world.link.open.size === 0);
});

test('OUTBOX lessons 37: nothing counts as sent before its receipt; the event is repeated until it has come', async (t) => {
  const world = await worldOf(t);
  world.acknowledges = false;
  await world.start();
  await world.ledger.enqueue({ kind: 'safety', body: 'x' });
  await until('it was announced twice', () => world.announcements >= 2);
  assert.deepEqual([countsOf(world, 'safety')?.sending, countsOf(world, 'safety')?.delivered], [1, 0]);
  assert.equal(new Set(world.link.events.map(({ body }) => body)).size, 1, 'the same bytes each time');
  world.acknowledges = true;
  await until('it is delivered', () => countsOf(world, 'safety')?.delivered === 1);
  assertConserved(world);
});

test('OUTBOX lessons 38: an item that the receiver refuses parks alone; its batch and the others go on', async (t) => {
  const world = await worldOf(t);
  world.link.state = 'offline';
  await world.start();
  const ids = await Promise.all(
    Array.from({ length: 5 }, (_, n) => world.ledger.enqueue({ kind: 'log', body: `${n}` })),
  );
  const poison = ids[2] ?? '';
  world.refusing = () => ({ refused: [{ id: poison, code: 'BODY_INVALID' }] });
  world.link.state = 'online';
  await until('the others are delivered', () => countsOf(world, 'log')?.delivered === 4);
  assert.deepEqual(
    world.ledger.read.outbox.parked().map(({ id, why }) => [id, why]),
    [[poison, 'refused: BODY_INVALID']],
  );
  assertConserved(world);
  world.refusing = () => ({});
  await world.ledger.enqueue({ kind: 'log', body: 'later' });
  await until('later ones are delivered', () => countsOf(world, 'log')?.delivered === 5);
});

test('a batch that is refused as a whole is halved until the item at fault is alone', async (t) => {
  const world = await worldOf(t);
  world.acknowledges = false;
  world.link.state = 'offline';
  await world.start();
  const ids = await Promise.all(
    Array.from({ length: 9 }, (_, n) => world.ledger.enqueue({ kind: 'log', body: `${n}` })),
  );
  world.link.onEvent = (event) => {
    const { batch, items } = manifestFrom(event);
    const isBad = items?.inline?.some(({ id }) => id === ids[6]);
    const refused = { batch, code: 'ITEMS_REFUSED', message: '' };
    void (isBad ? world.courier.acceptAcknowledgement({ refused }) : world.acknowledge(event));
  };
  world.link.state = 'online';
  await until('the others are delivered', () => countsOf(world, 'log')?.delivered === 8);
  await until('the last one is parked', () => countsOf(world, 'log')?.parked === 1);
  assert.deepEqual(
    world.ledger.read.outbox.parked().map(({ id }) => id),
    [ids[6]],
  );
  assertConserved(world);
});

test('a blob that got lost on its way is sent again under another name', async (t) => {
  const world = await worldOf(t);
  world.acknowledges = false;
  await world.start();
  let refusals = 0;
  world.link.onEvent = (event) => {
    const refused = { batch: manifestFrom(event).batch, code: 'BLOB_LOST', message: '' };
    if (refusals++ === 0) void world.courier.acceptAcknowledgement({ refused });
    else void world.acknowledge(event);
  };
  await world.ledger.enqueue({ kind: 'findings', body: randomBytes(120_000) });
  await until('it is delivered', () => countsOf(world, 'findings')?.delivered === 1);
  assert.equal(world.server.blobs.size, 2);
});

test('an item whose stored bytes are damaged parks alone', async (t) => {
  const world = await worldOf(t);
  const first = await world.ledger.enqueue({ kind: 'log', body: 'y'.repeat(5000) });
  const second = await world.ledger.enqueue({ kind: 'log', body: 'whole' });
  await world.ledger.close();
  const db = openStore(`${world.folder}/ledger.db`, ledgerMigrations);
  db.prepare("UPDATE outbox_segments SET bodies = x'28b52ffd00' WHERE packing = 'zstd'").run();
  db.close();
  world.ledger = await world.reopen();
  await world.restart();
  await until('the whole one is delivered', () => countsOf(world, 'log')?.delivered === 1);
  assert.deepEqual(
    world.ledger.read.outbox.parked().map(({ id }) => id),
    [first],
  );
  assert.ok((await itemsFrom(world, world.link.events[0] as never)).every(({ id }) => id === second));
  assertConserved(world);
});

test('a parked item is sent again when a person wants it, or dropped; only a parked one', async (t) => {
  const world = await worldOf(t);
  await world.start();
  world.refusing = (event) => ({
    refused: [{ id: manifestFrom(event).items?.inline?.[0]?.id ?? '', code: 'KIND_UNKNOWN' }],
  });
  await world.ledger.enqueue({ kind: 'twin', body: 'one' });
  await until('one is parked', () => countsOf(world, 'twin')?.parked === 1);
  await world.ledger.enqueue({ kind: 'twin', body: 'two' });
  await until('both are parked', () => countsOf(world, 'twin')?.parked === 2);
  const [one, two] = world.ledger.read.outbox.parked().map(({ id }) => id);
  world.refusing = () => ({});
  const place = (id: string | undefined) => ({ segment: Number(id?.split('-')[2]), n: Number(id?.split('-')[3]) });
  await world.ledger.retryItem(place(one));
  await world.ledger.dropItem(place(two));
  await until('one is delivered', () => countsOf(world, 'twin')?.delivered === 1);
  await assert.rejects(world.ledger.dropItem(place(two)), { code: 'ILLEGAL_MOVE' });
  await assert.rejects(world.ledger.retryItem(place(one)), { code: 'ILLEGAL_MOVE' });
  assert.equal(countsOf(world, 'twin')?.dropped, 1);
  assertConserved(world);
});

test('a blob of items survives a restart in the middle: the same bytes, or another key and name', async (t) => {
  const world = await worldOf(t);
  world.server.failNext('commit', { status: 503, code: 'ServerBusy' });
  await world.ledger.enqueue({ kind: 'findings', body: randomBytes(200_000) });
  await world.start();
  await until('it is staged', () => world.server.staged.length > 0);
  await world.restart();
  await until('it is delivered', () => countsOf(world, 'findings')?.delivered === 1);
  assert.equal(
    new Set(world.server.staged.map(({ id }) => id)).size,
    world.server.staged.length,
    'nothing staged twice',
  );
  assert.equal(world.server.blobs.size, 1);
});

test('urgent items do not wait for the end of a study that is on its way', async (t) => {
  const world = await worldOf(t);
  world.server.bytesPerSecond = 4 * 1024 * 1024;
  const study = await world.seal({ study: 4 * 1024 * 1024 });
  await world.start();
  await until('the study is on its way', () => world.server.staged.length >= 1);
  await world.ledger.enqueue({ kind: 'safety', body: 'first' });
  await until('the event is delivered', () => countsOf(world, 'safety')?.delivered === 1);
  assert.deepEqual(world.delivered, []);
  await until('the study is delivered', () => world.delivered.includes(study.caseId));
});

test('a closed gate sends no item, and an open one does at once', async (t) => {
  const world = await worldOf(t);
  world.gate.close();
  await world.start();
  await world.ledger.enqueue({ kind: 'safety', body: 'x' });
  await until('the courier waits at the gate', () => world.gate.running.length === 0);
  assert.deepEqual([world.link.events.length, countsOf(world, 'safety')?.queued], [0, 1]);
  world.gate.open();
  await until('it is delivered', () => countsOf(world, 'safety')?.delivered === 1);
});

test('the receipts of items are links of the one chain', async (t) => {
  const world = await worldOf(t);
  await world.start();
  for (let n = 1; n <= 3; n++) {
    await world.ledger.enqueue({ kind: 'safety', body: `${n}` });
    await until('it is delivered', () => countsOf(world, 'safety')?.delivered === n);
  }
  assert.equal(world.ledger.read.receipts().length, 3);
  assert.equal(world.ledger.read.refusals().length, 0);
});
