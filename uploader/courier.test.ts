import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setTimeout as after } from 'node:timers/promises';
import { CourierWorld, manifestFrom, until } from './testing/world.ts';

const mib = 1024 * 1024;

test('a sealed case goes all the way: blob, manifest, receipt, delivered', async (t) => {
  const world = await CourierWorld.make(t);
  const { caseId, archives } = await world.seal({ review: 300_000, study: 3 * mib });
  await world.start();
  await until('it is delivered', () => world.delivered.includes(caseId));
  for (const archive of archives) assert.equal(world.server.digestOf(world.blobOf(archive)), archive.sha256);
  const [review, study] = world.link.events.map(manifestFrom);
  assert.deepEqual([review?.archives[0]?.tier, study?.archives[0]?.tier], ['review', 'study']);
  const entry = review?.archives[0];
  assert.equal(entry?.blob, world.blobOf(archives[0] as never));
  assert.deepEqual(
    entry?.keys.recipients.map(({ header }) => header.kid),
    ['transit-1'],
    'the recipient at rest stays at home',
  );
  assert.deepEqual(entry?.study, { maps: 4, points: 2, lesions: 22 });
  assert.equal(world.ledger.read.caseById(caseId)?.stage, 'delivered');
  await until('all tickets are closed', () => world.link.open.size === 0);
  assert.ok(world.link.closed.every(({ succeeded }) => succeeded));
  assert.ok(world.link.events.every(({ kind, messageId }) => kind === 'batch' && messageId.startsWith('bat-')));
});

test('block ids are the digests of the blocks', async (t) => {
  const world = await CourierWorld.make(t);
  await world.seal({ review: 700_000 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.deepEqual(
    world.server.staged.map(({ id }) => Buffer.from(id, 'base64').length),
    world.server.staged.map(() => 32),
  );
  assert.equal(new Set(world.server.staged.map(({ id }) => id)).size, world.server.staged.length);
});

test('several cases share a batch when they are there together, and none waits for later ones', async (t) => {
  const world = await CourierWorld.make(t);
  // A slow machine may announce one twice.
  const batches = () => new Set(world.link.events.map(({ messageId }) => messageId)).size;
  world.link.state = 'offline';
  await world.start();
  for (let n = 0; n < 3; n++) await world.seal({ review: 1000 });
  assert.deepEqual(world.ledger.read.stageCounts(), { sealed: 3 });
  world.link.state = 'online';
  await until('they are delivered', () => world.delivered.length === 3);
  assert.equal(batches(), 1);
  await world.seal({ review: 1000 });
  await until('the fourth is delivered', () => world.delivered.length === 4);
  assert.equal(batches(), 2);
});

test('a manifest is sent again until its receipt has come, with the same id', async (t) => {
  const world = await CourierWorld.make(t, { receiptMs: 30, ceilingMs: 60 });
  world.acknowledges = false;
  const { caseId } = await world.seal({ review: 1000 });
  await world.start();
  await until('it was sent three times', () => world.link.events.length >= 3);
  assert.equal(world.ledger.read.caseById(caseId)?.stage, 'uploaded');
  assert.equal(new Set(world.link.events.map(({ messageId }) => messageId)).size, 1);
  assert.equal(new Set(world.link.events.map(({ body }) => body)).size, 1);
  world.acknowledges = true;
  await until('it is delivered', () => world.delivered.length === 1);
});

test('the receipt is asked for at once after a restart, and when the link comes back', async (t) => {
  const world = await CourierWorld.make(t, { receiptMs: 600_000, ceilingMs: 600_000 });
  world.acknowledges = false;
  await world.seal({ review: 1000 });
  await world.start();
  await until('it was sent', () => world.link.events.length === 1);
  await world.restart();
  await until('it was sent again', () => world.announcements === 2);
  world.acknowledges = true;
  world.courier.linkOnline();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.equal(world.link.events.length, 3);
});

test('a receipt that overtook the one before it does not wait for the long delays', async (t) => {
  const world = await CourierWorld.make(t, { receiptMs: 600_000, ceilingMs: 600_000 });
  world.acknowledges = false;
  await world.seal({ review: 1000 });
  await world.start();
  await until('the first was sent', () => world.link.events.length === 1);
  await world.seal({ review: 1000 });
  await until('the second was sent', () => world.link.events.length === 2);
  const [one, two] = world.link.events.map(manifestFrom);
  assert.ok(one && two);
  const receipts = [
    await world.signer.issue(world.signer.receipt(one.batch, 'site-1', one.archives)),
    await world.signer.issue(world.signer.receipt(two.batch, 'site-1', two.archives)),
  ];
  world.link.onEvent = ({ messageId }) => {
    const receipt = receipts[messageId === one.batch ? 0 : 1];
    void world.courier.acceptAcknowledgement({ receipt });
  };
  assert.equal((await world.courier.acceptAcknowledgement({ receipt: receipts[1] })).status, 409);
  await until('both are delivered', () => world.delivered.length === 2);
});

test('with nothing to do there is no timer and no request', async (t) => {
  let sleeps = 0;
  const world = await CourierWorld.make(t);
  const { clock } = world;
  const counting = {
    ...{ now: clock.now, monotonicMs: clock.monotonicMs, bootId: clock.bootId },
    sleep: (ms: number, signal?: AbortSignal) => {
      sleeps += 1;
      return clock.sleep(ms, signal);
    },
  };
  world.clock = counting;
  world.courier = world.newCourier();
  const timers = () => process.getActiveResourcesInfo().filter((kind) => kind === 'Timeout').length;
  const timersBefore = timers();
  await world.start();
  await after(100);
  assert.equal(sleeps, 0);
  await world.seal({ review: 1000 });
  await until('it is delivered', () => world.delivered.length === 1);
  await until('its ticket is closed', () => world.link.open.size === 0);
  const before = { sleeps, requests: world.server.requests.length, commits: world.ledger.commits };
  await after(300);
  assert.equal(timers(), timersBefore, 'no timer is left, of the courier or of a connection');
  assert.deepEqual({ sleeps, requests: world.server.requests.length, commits: world.ledger.commits }, before);
  assert.deepEqual(world.gate.running, []);
});

test('a damaged archive is never sent: its case is held and the others of the batch go on', async (t) => {
  const world = await CourierWorld.make(t);
  const good = await world.seal({ review: 1000 });
  const bad = await world.seal({ review: 50_000 });
  const cut = await world.seal({ review: 60_000 });
  const other = await world.seal({ review: 2000 });
  const pathOf = (archive: { file: string } | undefined) => join(world.folder, archive?.file ?? '');
  const bytes = readFileSync(pathOf(bad.archives[0]));
  bytes[25_000] = (bytes[25_000] ?? 0) ^ 1;
  writeFileSync(pathOf(bad.archives[0]), bytes);
  writeFileSync(pathOf(cut.archives[0]), readFileSync(pathOf(cut.archives[0])).subarray(0, 59_999));
  await world.start();
  await until('the good ones are delivered', () => world.delivered.length === 2);
  assert.deepEqual(new Set(world.delivered), new Set([good.caseId, other.caseId]));
  for (const { caseId, archives } of [bad, cut]) {
    assert.equal(world.ledger.read.caseById(caseId)?.reason, 'unreadable');
    assert.equal(world.server.blobs.has(world.blobOf(archives[0] as never)), false);
  }
  assert.ok(world.server.staged.every(({ bytes: size }) => size === 1000 || size === 2000));
});

test('keys that belong to other bytes hold the case before its manifest is made', async (t) => {
  const world = await CourierWorld.make(t);
  const good = await world.seal({ review: 1000 });
  const bad = await world.seal({ review: 2000 });
  const keysOf = (archive: { keysFile: string } | undefined) => join(world.folder, archive?.keysFile ?? '');
  writeFileSync(keysOf(bad.archives[0]), readFileSync(keysOf(good.archives[0])));
  await world.start();
  await until('the good one is delivered', () => world.delivered.length === 1);
  assert.equal(world.ledger.read.caseById(bad.caseId)?.reason, 'unreadable');
  assert.deepEqual(
    world.link.events.flatMap((event) => manifestFrom(event).archives.map(({ caseId }) => caseId)),
    [good.caseId],
  );
});

test('review cases overtake a study that is on its way, which then goes on where it was', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.bytesPerSecond = 4 * mib;
  const study = await world.seal({ study: 4 * mib });
  await world.start();
  await until('the study is on its way', () => world.server.staged.length >= 1);
  const review = await world.seal({ review: 10_000 });
  await until('both are delivered', () => world.delivered.length === 2);
  assert.deepEqual(world.delivered, [review.caseId, study.caseId]);
  const sent = world.server.staged.reduce((sum, { bytes }) => sum + bytes, 0);
  assert.equal(sent, 4 * mib + 10_000, 'nothing was sent twice');
  assert.equal(world.link.closed.length, 2, 'the study kept its ticket');
});

test('the log carries no ticket and no key', async (t) => {
  const world = await CourierWorld.make(t);
  world.server.failNext('block', { status: 403, code: 'AuthenticationFailed' });
  await world.seal({ review: 1000 });
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  const log = readFileSync(join(world.folder, 'log'), 'utf8');
  assert.match(log, /TICKET_REFUSED/);
  assert.doesNotMatch(log, /sig=|sp=rcw|encrypted_key/);
  const stored = Buffer.concat(['', '-wal'].map((suffix) => readFileSync(join(world.folder, `ledger.db${suffix}`))));
  assert.equal(stored.includes('sig='), false, 'the ledger keeps tickets encrypted');
});
