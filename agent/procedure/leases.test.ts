import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdirSync, readdirSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { FakeClock } from '../testing/clock.ts';
import { type LeaseError, readLeases, refreshLeases, releaseLeases, remainingMs, takeLease } from './leases.ts';

const minute = 60_000;

test('a lease is a file that says who holds it, why, since when and how long', (t) => {
  const folder = join(temporaryFolder(t), 'leases');
  const clock = new FakeClock();
  const lease = takeLease(folder, { holder: 'cli', reason: 'a case', forMs: minute }, clock);
  assert.deepEqual(readLeases(folder), [lease]);
  const { holder, reason, forMs, bootId, startedAt } = lease;
  assert.deepEqual([holder, reason, forMs], ['cli', 'a case', minute]);
  assert.deepEqual([bootId, startedAt], [clock.bootId, clock.now().toISOString()]);
  assert.equal(statSync(join(folder, `${lease.id}.lease`)).mode & 0o007, 0);
  assert.equal(readdirSync(folder).length, 1, 'no partial file is left');
});

test('a reason is cut at 200 characters', (t) => {
  const folder = temporaryFolder(t);
  assert.equal(takeLease(folder, { holder: 'cli', reason: 'x'.repeat(5000) }, new FakeClock()).reason.length, 200);
});

test('each holder releases only what it holds, all of it', (t) => {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  const take = (holder: string) => takeLease(folder, { holder, reason: 'case' }, clock).id;
  const own = [take('cli'), take('cli')];
  const other = take('nurse');
  assert.deepEqual(releaseLeases(folder, 'nobody'), []);
  const released = releaseLeases(folder, 'cli').map(({ id }) => id);
  assert.deepEqual(released.toSorted(), own.toSorted());
  assert.deepEqual(
    readLeases(folder).map(({ id }) => id),
    [other],
  );
});

test('a lease with a time runs out on the monotonic clock, whatever the wall clock does, and is then removed', async (t) => {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  const lease = takeLease(folder, { holder: 'cli', reason: 'case', forMs: minute }, clock);
  clock.jumpWall(24 * 60 * minute);
  assert.equal(remainingMs(lease, clock), minute);
  await clock.advance(minute - 1);
  clock.jumpWall(-48 * 60 * minute);
  assert.deepEqual(refreshLeases(folder, clock), [lease]);
  await clock.advance(1);
  assert.deepEqual(refreshLeases(folder, clock), []);
  assert.deepEqual(readdirSync(folder), []);
});

test('a lease without a time never runs out, not even over a reboot', async (t) => {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  const lease = takeLease(folder, { holder: 'cli', reason: 'case' }, clock);
  await clock.advance(1000 * 24 * 60 * minute);
  clock.reboot();
  assert.deepEqual(refreshLeases(folder, clock), [lease]);
  assert.equal(remainingMs(lease, clock), undefined);
});

test('after a reboot a timed lease counts its whole duration again, once, and that is on disk', async (t) => {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  takeLease(folder, { holder: 'cli', reason: 'case', forMs: minute }, clock);
  await clock.advance(minute - 1);
  clock.reboot();
  const [anchored] = refreshLeases(folder, clock);
  assert.deepEqual(readLeases(folder), [anchored]);
  assert.equal(anchored?.bootId, clock.bootId);
  await clock.advance(minute - 1);
  assert.equal(refreshLeases(folder, clock).length, 1);
  await clock.advance(1);
  assert.deepEqual(refreshLeases(folder, clock), []);
});

test('a start that lies ahead on this clock does not make a lease longer than it is', (t) => {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  const lease = takeLease(folder, { holder: 'cli', reason: 'case', forMs: minute }, clock);
  assert.equal(remainingMs({ ...lease, startedMonotonicMs: clock.monotonicMs() + 90 * minute }, clock), minute);
});

const whole = { holder: 'x', reason: 'y', startedAt: '2030-01-01T00:00:00Z', bootId: 'boot-1' };
const unreadable: Readonly<Record<string, string>> = {
  'an empty file': '',
  'a cut file': JSON.stringify(whole).slice(0, -5),
  'no object': '17',
  null: 'null',
  'no holder': JSON.stringify({ ...whole, holder: undefined }),
  'a reason that is no text': JSON.stringify({ ...whole, reason: { a: 1 } }),
  'a time without its start': JSON.stringify({ ...whole, forMs: minute }),
  'a time that is no number': JSON.stringify({ ...whole, startedMonotonicMs: 0, forMs: null }),
  'more than a lease ever has': `${' '.repeat(8192)}${JSON.stringify(whole)}`,
};

for (const [what, text] of Object.entries(unreadable)) {
  test(`a lease file that cannot be understood holds until it is released by name: ${what}`, async (t) => {
    const folder = temporaryFolder(t);
    const clock = new FakeClock();
    writeFileSync(join(folder, 'odd.lease'), text);
    await clock.advance(1000 * minute);
    const [lease] = refreshLeases(folder, clock);
    assert.equal(lease?.holder, 'unreadable');
    assert.match(lease?.reason ?? '', /procedure stop --holder unreadable/);
    assert.equal(remainingMs(lease!, clock), undefined);
    assert.equal(releaseLeases(folder, 'unreadable').length, 1);
    assert.deepEqual(readLeases(folder), []);
  });
}

test('what is no file at all under a lease name holds too, and stops nobody from reading the others', (t) => {
  const folder = temporaryFolder(t);
  const clock = new FakeClock();
  mkdirSync(join(folder, 'folder.lease'));
  execFileSync('mkfifo', [join(folder, 'pipe.lease')]);
  takeLease(folder, { holder: 'cli', reason: 'case' }, clock);
  const holders = refreshLeases(folder, clock).map(({ holder }) => holder);
  assert.deepEqual(holders.toSorted(), ['cli', 'unreadable', 'unreadable']);
});

test('a folder that is not there holds no lease; half-written and other files are none', (t) => {
  const folder = temporaryFolder(t);
  assert.deepEqual(readLeases(join(folder, 'nowhere')), []);
  writeFileSync(join(folder, 'lease-1.lease.77.partial'), '{');
  writeFileSync(join(folder, 'notes.txt'), 'x');
  assert.deepEqual(readLeases(folder), []);
});

test('a lease that cannot be written says so, with what to do', (t) => {
  const folder = join(temporaryFolder(t), 'leases');
  writeFileSync(folder, 'a file where the folder should be');
  assert.throws(
    () => takeLease(folder, { holder: 'cli', reason: 'case' }, new FakeClock()),
    (error: LeaseError) => error.code === 'LEASE_NOT_WRITTEN' && /free space/.test(error.hint ?? ''),
  );
  assert.equal(readFileSync(folder, 'utf8'), 'a file where the folder should be');
});
