import assert from 'node:assert/strict';
import { test } from 'node:test';
import { silentLog } from '../core/log.ts';
import type { AuditWish } from './audit/index.ts';
import { ClockWatch, jumpOf } from './clock-watch.ts';
import { FakeClock } from './testing/clock.ts';

const hourMs = 3_600_000;
const tenYearsMs = 10 * 365.25 * 24 * hourMs;
const jumps = [hourMs, -hourMs, tenYearsMs, -tenYearsMs];

function watched(lastAt?: string) {
  const clock = new FakeClock();
  const recorded: AuditWish[] = [];
  const machine = { sleptMs: 0 };
  const audit = { record: async (wish: AuditWish) => void recorded.push(wish) };
  const watch = new ClockWatch({ clock, log: silentLog, audit, lastAt, suspendedMs: () => machine.sleptMs });
  return { clock, recorded, machine, watch };
}

test('every jump of more than two minutes is on record once, with its length, within half a minute', async () => {
  const { clock, recorded, watch } = watched();
  await watch.start();
  for (const jump of jumps) {
    clock.jumpWall(jump);
    await clock.advance(30_000);
    await clock.advance(hourMs);
  }
  await watch.stop();
  assert.deepEqual(
    recorded.map(({ action, actor, evidence }) => ({ action, actor, evidence })),
    jumps.map((byMs) => ({ action: 'clock-jumped', actor: 'appliance', evidence: { byMs } })),
  );
});

test('time that passes, a small correction, a suspended machine and a stalled process are no jumps', async () => {
  const { clock, recorded, machine, watch } = watched();
  await watch.start();
  for (const small of [119_000, -119_000]) {
    clock.jumpWall(small);
    await clock.advance(30_000);
  }
  machine.sleptMs += 8 * hourMs;
  clock.jumpWall(8 * hourMs);
  await clock.advance(30_000);
  await clock.stall(hourMs);
  await clock.advance(30_000);
  await watch.stop();
  assert.deepEqual(recorded, []);
});

test('a wall clock that stands before the last record, at the start of the daemon, has jumped', () => {
  const nowMs = watched().clock.now().getTime();
  for (const [lastMs, evidence] of [
    [nowMs + hourMs, [{ byMs: -hourMs, atLeast: true }]],
    [nowMs - hourMs, []],
  ] as const) {
    const { watch, recorded } = watched(new Date(lastMs).toISOString());
    watch.look();
    watch.look();
    assert.deepEqual(
      recorded.map((one) => one.evidence),
      evidence,
    );
  }
});

test('across a boot a wall clock that went on says nothing', () => {
  const reading = { wallMs: 0, elapsedMs: 0, bootId: 'one' };
  assert.equal(jumpOf(reading, { wallMs: tenYearsMs, elapsedMs: 5, bootId: 'two' }), 0);
  assert.equal(jumpOf(reading, { wallMs: -119_000, elapsedMs: 5, bootId: 'two' }), 0);
});
