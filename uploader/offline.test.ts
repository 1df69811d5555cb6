import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { type Clock, systemClock } from '../core/clock.ts';
import { silentLog } from '../core/log.ts';
import { itemKinds } from '../protocol/outbox.ts';
import { Ledger } from './ledger.ts';
import { CourierWorld, manifestFrom, until } from './testing/world.ts';

const dayMs = 24 * 3_600_000;
const days = 60;

/** Both clocks ahead of the real ones by as much as the test wants; whoever sleeps wakes when its time has come. */
class FastClock implements Clock {
  readonly bootId = systemClock.bootId;
  readonly #sleepers = new Set<{ readonly dueMs: number; readonly wake: AbortController }>();
  #aheadMs = 0;

  now(): Date {
    return new Date(Date.now() + this.#aheadMs);
  }

  monotonicMs(): number {
    return systemClock.monotonicMs() + this.#aheadMs;
  }

  async sleep(ms: number, signal?: AbortSignal): Promise<void> {
    const sleeper = { dueMs: this.monotonicMs() + ms, wake: new AbortController() };
    this.#sleepers.add(sleeper);
    const over = signal ? AbortSignal.any([signal, sleeper.wake.signal]) : sleeper.wake.signal;
    await systemClock.sleep(ms, over).catch((error: unknown) => {
      if (!sleeper.wake.signal.aborted) throw error;
    });
    this.#sleepers.delete(sleeper);
  }

  advance(ms: number): void {
    this.#aheadMs += ms;
    for (const { dueMs, wake } of this.#sleepers) if (dueMs <= this.monotonicMs()) wake.abort();
  }
}

test('COURIER-13, lesson 8: after sixty days offline everything is delivered, the urgent first; nothing expired', async (t) => {
  const clock = new FastClock();
  const world = await CourierWorld.make(t, { clock });
  const reopen = async () => {
    await world.courier.stop();
    await world.ledger.close();
    world.ledger = await Ledger.open({ path: join(world.folder, 'ledger.db'), log: silentLog, clock });
    world.courier = world.newCourier();
    await world.start();
  };
  await reopen();
  // The line goes in the middle of an upload: its ticket will long have expired.
  world.server.bytesPerSecond = 2 * 1024 * 1024;
  const first = await world.seal({ study: 3 * 1024 * 1024 });
  await until('an upload is on its way', () => world.server.staged.length >= 2);
  world.link.state = 'offline';
  world.server.isTicketGood = () => false;
  await until('it has noticed', () => world.link.state === 'offline' && world.gate.running.length === 0);
  const before = world.link.events.length;
  const caseIds = [first.caseId];
  for (let day = 1; day <= days; day++) {
    caseIds.push((await world.seal({ review: 2000, study: 3000 })).caseId);
    await Promise.all(itemKinds.map((kind) => world.ledger.enqueue({ kind, body: `${kind} of day ${day}` })));
    clock.advance(dayMs);
    if (day % 20 === 0) await reopen();
  }
  assert.equal(world.link.events.length, before);
  assert.equal(world.delivered.length, 0);
  world.server.bytesPerSecond = Number.POSITIVE_INFINITY;
  const { open } = world.link;
  world.server.isTicketGood = (signature) => open.has(signature);
  // The hub let go of what was open sixty days ago.
  for (const correlationId of [...open]) open.delete(correlationId);
  world.link.state = 'online';
  world.courier.linkOnline();
  await until('all is delivered', () => world.delivered.length === caseIds.length);
  await until('all items are delivered', () => {
    return world.ledger.read.outbox.counts().every(({ enqueued, delivered }) => delivered === enqueued);
  });
  assert.deepEqual(world.delivered.toSorted(), caseIds.toSorted(), 'each case once');
  for (const { kind, enqueued, dropped, parked } of world.ledger.read.outbox.counts()) {
    assert.deepEqual({ kind, enqueued, dropped, parked }, { kind, enqueued: days, dropped: 0, parked: 0 });
  }
  const order = world.link.events.slice(before).map(manifestFrom);
  const firstOf = (isIt: (manifest: (typeof order)[number]) => boolean) => order.findIndex(isIt);
  const tierOf = (manifest: (typeof order)[number]) => manifest.archives[0]?.tier;
  const [items, review, study] = [
    firstOf(({ archives }) => archives.length === 0),
    firstOf((manifest) => tierOf(manifest) === 'review'),
    firstOf((manifest) => tierOf(manifest) === 'study'),
  ];
  assert.ok(items === 0 && items < review && review < study, `items ${items}, review ${review}, study ${study}`);
  assert.equal(world.ledger.read.receipts().length, new Set(order.map(({ batch }) => batch)).size);
});
