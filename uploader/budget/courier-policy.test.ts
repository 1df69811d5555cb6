import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { CourierWorld, until } from '../testing/world.ts';

const mib = 1024 * 1024;
const nights = { parallelBlocks: 2, windows: [{ from: '22:00', to: '06:00' }] };

/** A world whose wall clock the test sets; whoever waits for it is woken by the test. */
async function worldAt(t: Parameters<typeof CourierWorld.make>[0], time: string) {
  const wall = { at: new Date(`2026-06-01T${time}:00Z`) };
  const clock = { ...systemClock, now: () => wall.at };
  const world = await CourierWorld.make(t, { policy: nights, zone: 'UTC', clock });
  const set = (to: string) => {
    wall.at = new Date(`2026-06-01T${to}:00Z`);
    world.courier.wake();
  };
  return { world, set };
}

test('COURIER-10: outside of its windows no archive moves; receipts are asked for and taken at any time', async (t) => {
  const { world, set } = await worldAt(t, '23:00');
  world.acknowledges = false;
  const before = await world.seal({ review: 1000 });
  await world.start();
  await until('it was announced', () => world.link.events.length >= 1);
  set('12:00');
  const later = await world.seal({ review: 1000, study: mib });
  const requests = world.server.requests.length;
  const events = world.link.events.length;
  await until('the receipt is asked for again', () => world.link.events.length > events);
  world.acknowledges = true;
  await until('the first is delivered', () => world.delivered.includes(before.caseId));
  assert.equal(world.server.requests.length, requests, 'not one request for the second');
  assert.equal(world.ledger.read.caseById(later.caseId)?.stage, 'sealed');
  set('22:00');
  await until('the second is delivered', () => world.delivered.includes(later.caseId));
});

test('COURIER-11: an upload that its window leaves behind is set aside after a block and goes on in the next', async (t) => {
  const { world, set } = await worldAt(t, '23:00');
  world.server.bytesPerSecond = 8 * mib;
  const { caseId, archives } = await world.seal({ study: 4 * mib });
  await world.start();
  await until('some blocks are there', () => world.server.staged.length >= 2);
  set('06:00');
  await until('nothing is in flight', () => world.gate.running.length === 0);
  const staged = world.server.staged.length;
  assert.equal(world.delivered.length, 0);
  assert.equal(world.link.closed.length, 0, 'it keeps its ticket');
  world.courier.wake();
  set('22:00');
  await until('it is delivered', () => world.delivered.includes(caseId));
  assert.ok(world.server.staged.length > staged);
  assert.equal(
    world.server.staged.reduce((sum, { bytes }) => sum + bytes, 0),
    4 * mib,
  );
  assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
});

test('COURIER-12: a ceiling holds over all blocks that are in flight', async (t) => {
  let [sleeps, sleptMs] = [0, 0];
  const clock = {
    ...systemClock,
    sleep: (ms: number, signal?: AbortSignal) => {
      sleeps += 1;
      sleptMs += ms;
      return systemClock.sleep(ms, signal);
    },
  };
  const policy = { parallelBlocks: 3, maxBytesPerSecond: 4 * mib };
  const world = await CourierWorld.make(t, { policy, clock });
  const { archives } = await world.seal({ study: 2 * mib });
  const startedMs = clock.monotonicMs();
  await world.start();
  await until('it is delivered', () => world.delivered.length === 1);
  assert.ok(clock.monotonicMs() - startedMs >= 450, 'two MiB at four a second');
  assert.ok(sleeps > 50 && sleptMs > 400);
  assert.equal(world.server.digestOf(world.blobOf(archives[0] as never)), archives[0]?.sha256);
});
