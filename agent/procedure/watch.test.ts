import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { Authority } from '../../protocol/control.ts';
import { FakeClock } from '../testing/clock.ts';
import { until } from '../testing/until.ts';
import { type LeaseError, readLeases, releaseLeases, takeLease } from './leases.ts';
import { ProcedureWatch } from './watch.ts';

const coolDownMs = 30_000;
const wish = { holder: 'cli', reason: 'case' };

/** A watch on a lease folder, with a clock that stands still until it is moved. Not started. */
function newWatch(t: TestContext, more: { readonly authorities?: readonly Authority[] } = {}) {
  const gate = new Gate();
  const clock = new FakeClock();
  const leaseFolder = join(temporaryFolder(t), 'leases');
  const states: string[] = [];
  const onChange = ({ state, gate }: { readonly state: string; readonly gate: string }) =>
    void states.push(`${state} ${gate}`);
  const parts = { gate, clock, log: silentLog, leaseFolder, coolDownMs, onChange };
  const watch = new ProcedureWatch({ ...parts, authorities: ['leases'], ...more });
  t.after(() => watch.stop());
  return { gate, clock, leaseFolder, states, watch };
}

/** The same, started and past its cool-down. */
async function openWatch(t: TestContext) {
  const parts = newWatch(t);
  await parts.watch.start();
  await parts.clock.advance(coolDownMs);
  assert.equal(parts.gate.isOpen, true);
  return parts;
}

test('starts closed, reads before it opens, and opens only when the room was free for the whole cool-down', async (t) => {
  const { gate, clock, states, watch } = newWatch(t);
  assert.equal(gate.isOpen, false);
  assert.equal(watch.status.state, 'unknown');
  await watch.start();
  await clock.advance(coolDownMs - 1);
  assert.equal(gate.isOpen, false);
  await clock.advance(1);
  assert.equal(gate.isOpen, true);
  assert.deepEqual(states, ['settling closed', 'idle open']);
});

test('a lease that is on disk at start keeps it closed from the first moment', async (t) => {
  const { gate, clock, leaseFolder, states, watch } = newWatch(t);
  takeLease(leaseFolder, wish, clock);
  await watch.start();
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);
  assert.deepEqual(states, ['active closed']);
  assert.equal(watch.status.why, 'cli: case');
});

test('without an authority it never opens', async (t) => {
  const { gate, clock, watch } = newWatch(t, { authorities: [] });
  await watch.start();
  await clock.advance(1000 * coolDownMs);
  assert.equal(gate.isOpen, false);
  assert.equal(watch.status.state, 'unknown');
});

test('taking closes at once and durably; releasing opens after the cool-down', async (t) => {
  const { gate, clock, leaseFolder, watch } = await openWatch(t);
  const lease = watch.take(wish);
  assert.equal(gate.isOpen, false);
  assert.deepEqual(readLeases(leaseFolder), [lease]);
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);
  watch.release('cli');
  assert.deepEqual(readLeases(leaseFolder), []);
  await clock.advance(coolDownMs - 1);
  assert.equal(gate.isOpen, false);
  await clock.advance(1);
  assert.equal(gate.isOpen, true);
});

test('a lease in the middle of the cool-down starts it afresh', async (t) => {
  const { gate, clock, watch } = newWatch(t);
  await watch.start();
  await clock.advance(coolDownMs - 1);
  watch.take(wish);
  watch.release('cli');
  await clock.advance(coolDownMs - 1);
  assert.equal(gate.isOpen, false);
  await clock.advance(1);
  assert.equal(gate.isOpen, true);
});

test('several holders: each frees only itself, the last one frees the room', async (t) => {
  const { gate, clock, watch } = await openWatch(t);
  watch.take(wish);
  watch.take({ ...wish, holder: 'nurse' });
  watch.release('cli');
  watch.release('somebody else');
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);
  assert.deepEqual(
    watch.status.leases.map(({ holder }) => holder),
    ['nurse'],
  );
  watch.release('nurse');
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('two starts of one holder end with one stop', async (t) => {
  const { gate, clock, watch } = await openWatch(t);
  watch.take(wish);
  watch.take(wish);
  watch.release('cli');
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('a lease with a time frees by itself, exactly then, whatever the wall clock does', async (t) => {
  const { gate, clock, watch } = await openWatch(t);
  watch.take({ ...wish, forMs: 100_000 });
  clock.jumpWall(365 * 86_400_000);
  await clock.advance(99_999);
  assert.equal(watch.status.state, 'active');
  clock.jumpWall(-2 * 365 * 86_400_000);
  await clock.advance(1);
  assert.equal(watch.status.state, 'settling');
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('a lease that another process writes closes the gate, one that it removes frees the room', async (t) => {
  const { gate, clock, leaseFolder, watch } = await openWatch(t);
  takeLease(leaseFolder, wish, clock);
  await until(() => !gate.isOpen, 'the closing');
  assert.equal(watch.status.state, 'active');
  releaseLeases(leaseFolder, 'cli');
  await until(() => watch.status.state === 'settling', 'the settling');
});

test('a change that nobody reports is seen within five seconds', async (t) => {
  const { gate, clock, leaseFolder } = await openWatch(t);
  takeLease(leaseFolder, wish, clock);
  await clock.advance(5_000);
  assert.equal(gate.isOpen, false, 'no event was heard in between: the clock moves in microtasks');
});

test('a lease folder that vanishes closes the gate and frees nobody; a new one is watched again', async (t) => {
  const { gate, clock, leaseFolder, watch } = await openWatch(t);
  rmSync(leaseFolder, { recursive: true });
  await until(() => !gate.isOpen, 'the closing');
  assert.equal(watch.status.state, 'unknown');
  assert.match(watch.status.why, /cannot be read/);
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);

  mkdirSync(leaseFolder);
  await clock.advance(10_000 + coolDownMs);
  assert.equal(gate.isOpen, true);
  takeLease(leaseFolder, wish, clock);
  await until(() => !gate.isOpen, 'the closing by an event of the new folder');
});

test('a lease folder that vanishes with its leases does not free the room, and a start makes it anew', async (t) => {
  const { gate, clock, leaseFolder, watch } = await openWatch(t);
  watch.take(wish);
  renameSync(leaseFolder, `${leaseFolder}-gone`);
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);
  assert.deepEqual([watch.status.state, watch.status.leases], ['unknown', []]);
  watch.release('cli');
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false, 'what else was held is not known');
  watch.take(wish);
  assert.equal(readLeases(leaseFolder).length, 1);
  watch.release('cli');
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('a lease that cannot be written is refused, and holds all the same until it is released', async (t) => {
  const { gate, clock, leaseFolder, watch } = await openWatch(t);
  rmSync(leaseFolder, { recursive: true });
  writeFileSync(leaseFolder, 'no room for a folder');
  assert.throws(
    () => watch.take(wish),
    (error: LeaseError) => error.code === 'LEASE_NOT_WRITTEN' && /gate is closed/.test(error.message),
  );
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);

  rmSync(leaseFolder);
  mkdirSync(leaseFolder);
  await clock.advance(10_000);
  assert.equal(readLeases(leaseFolder).length, 1, 'written as soon as it can be');
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);
  watch.release('cli');
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('a lease that was never written is forgotten by its release, and by its time', async (t) => {
  const { clock, leaseFolder, watch } = await openWatch(t);
  const spoil = () => {
    rmSync(leaseFolder, { recursive: true });
    writeFileSync(leaseFolder, '');
  };
  const repair = async () => {
    rmSync(leaseFolder);
    mkdirSync(leaseFolder);
    await clock.advance(10_000);
  };
  spoil();
  assert.throws(() => watch.take({ ...wish, holder: 'nurse', forMs: 60_000 }));
  assert.throws(() => watch.take(wish));
  assert.throws(() => watch.release('cli'), 'the folder cannot be read');
  await clock.advance(60_000);
  await repair();
  assert.deepEqual(readdirSync(leaseFolder), []);
  assert.equal(watch.status.state, 'settling');
});

test('a process that was stopped through the cool-down saw nothing of it, and waits again', async (t) => {
  const { gate, clock, watch } = newWatch(t);
  await watch.start();
  await clock.advance(1_000);
  await clock.stall(3_600_000);
  assert.equal(gate.isOpen, false);
  await clock.advance(coolDownMs - 1);
  assert.equal(gate.isOpen, false);
  await clock.advance(1);
  assert.equal(gate.isOpen, true);
});

test('a process that was stopped while its lease ran out cools down from the moment it sees that', async (t) => {
  const { gate, clock, watch } = await openWatch(t);
  watch.take({ ...wish, forMs: 60_000 });
  await clock.stall(3_600_000);
  assert.equal(watch.status.state, 'settling');
  assert.equal(gate.isOpen, false);
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('stop closes the gate and leaves no timer behind', async (t) => {
  const { gate, clock, watch } = await openWatch(t);
  await watch.stop();
  await clock.advance(0);
  assert.equal(gate.isOpen, false);
  assert.equal(clock.sleepers, 0);
});

test('with no cool-down it opens at once, through settling', async (t) => {
  const states: string[] = [];
  const gate = new Gate();
  const watch = new ProcedureWatch({
    ...{ gate, clock: systemClock, log: silentLog, authorities: ['leases'], coolDownMs: 0 },
    leaseFolder: join(temporaryFolder(t), 'leases'),
    onChange: ({ state }) => void states.push(state),
  });
  t.after(() => watch.stop());
  await watch.start();
  assert.deepEqual([states, gate.isOpen], [['settling', 'idle'], true]);
});

test('hundreds of starts and stops leave no lease, no timer and no handle behind', async (t) => {
  const { gate, clock, leaseFolder, watch } = await openWatch(t);
  const handles = process.getActiveResourcesInfo().length;
  for (let cycle = 0; cycle < 250; cycle++) {
    watch.take(wish);
    assert.equal(gate.isOpen, false);
    watch.release('cli');
  }
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
  assert.deepEqual(readdirSync(leaseFolder), []);
  assert.equal(clock.sleepers, 1);
  assert.ok(process.getActiveResourcesInfo().length <= handles + 1);
  assert.ok(existsSync(leaseFolder));
});
