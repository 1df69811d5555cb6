import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { Authority } from '../../protocol/control.ts';
import { FakeClock } from '../testing/clock.ts';
import type { EvidenceSource, Statement } from './evidence.ts';
import { ProcedureWatch } from './watch.ts';

const coolDownMs = 30_000;
const minute = 60_000;
const hour = 60 * minute;

/** A room with an HL7 listener that says what a test puts into it; the site allows an override of an hour. */
async function newRoom(
  t: TestContext,
  { authorities = ['hl7'], maxMs = hour }: { readonly authorities?: Authority[]; readonly maxMs?: number | null } = {},
) {
  const gate = new Gate();
  const clock = new FakeClock();
  const machine = { sleptMs: 0 };
  let said: readonly Statement[] = [];
  const ends: string[] = [];
  const source: EvidenceSource = { name: 'hl7', async start() {}, async stop() {}, statements: () => said };
  const watch = new ProcedureWatch({
    ...{ gate, clock, log: silentLog, leaseFolder: join(temporaryFolder(t), 'leases'), authorities, coolDownMs },
    ...{ onChange: () => {}, suspendedMs: () => machine.sleptMs, sources: () => [source] },
    overrideMaxMs: maxMs ?? undefined,
    onOverrideEnd: (how) => ends.push(how),
  });
  t.after(() => watch.stop());
  await watch.start();
  const say = (...statements: readonly (Pick<Statement, 'source' | 'key' | 'says'> & Partial<Statement>)[]) => {
    said = statements.map((one) => ({ sinceMs: clock.monotonicMs(), lifetimeMs: 6 * hour, what: one.key, ...one }));
    watch.look();
  };
  const override = (forMs = hour) => watch.override(watch.planOverride(forMs), 'case called off');
  return { gate, clock, machine, ends, watch, say, override };
}

const order = { source: 'hl7', key: 'order', says: 'busy' } as const;

test('a person’s word opens against an order that was never completed, after the cool-down, and closes on its time', async (t) => {
  const { gate, clock, ends, watch, say, override } = await newRoom(t);
  say(order);
  await clock.advance(1_000);
  override();
  assert.deepEqual([gate.isOpen, watch.status.state, watch.status.opensInMs], [false, 'settling', coolDownMs]);
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
  const { override: told, evidence } = watch.status;
  assert.deepEqual([told?.reason, told?.setsAside, told?.remainingMs], ['case called off', ['hl7'], hour - coolDownMs]);
  assert.deepEqual(
    evidence.map(({ source, effect }) => `${source} ${effect}`),
    ['leases none', 'hl7 none', 'override allows'],
  );
  clock.jumpWall(-10 * 365 * 24 * hour);
  await clock.advance(hour - coolDownMs - 1);
  assert.equal(gate.isOpen, true, 'the wall clock ends nothing');
  await clock.advance(1);
  assert.deepEqual(
    [gate.isOpen, watch.status.state, watch.status.override, ends],
    [false, 'active', undefined, ['ran out']],
  );
});

test('a lease ends it for good, and what is held when it is asked for refuses it', async (t) => {
  const { gate, clock, ends, watch, override } = await newRoom(t);
  override();
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
  watch.take({ holder: 'nurse', reason: 'case' });
  assert.deepEqual([gate.isOpen, ends], [false, ['outweighed']]);
  assert.throws(() => override(), { code: 'OVERRIDE_REFUSED' });
  watch.release('nurse');
  await clock.advance(10 * coolDownMs);
  assert.deepEqual([gate.isOpen, watch.status.state], [false, 'unknown']);
});

test('what is said anew ends it: another order, the same one again, a folder that grows', async (t) => {
  for (const next of [{ ...order, key: 'another' }, order, { ...order, source: 'activity', key: 'growth' } as const]) {
    const { gate, clock, ends, say, override } = await newRoom(t);
    say(order);
    override();
    await clock.advance(coolDownMs);
    assert.equal(gate.isOpen, true);
    say(next);
    assert.deepEqual([gate.isOpen, ends], [false, ['outweighed']], next.key);
    say();
    await clock.advance(10 * coolDownMs);
    assert.equal(gate.isOpen, false, 'it does not come back');
  }
});

test('what happens here and now cannot be set aside; a source that does not work can', async (t) => {
  const { gate, clock, say, override } = await newRoom(t);
  for (const source of ['activity', 'load', 'neighbours', 'button'] as const) {
    say({ source, key: 'now', says: 'maybe' });
    assert.throws(() => override(), { code: 'OVERRIDE_REFUSED', message: new RegExp(source) });
  }
  say({ source: 'activity', key: 'fault 1', says: 'maybe' });
  override();
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('an event of the timetable stays aside while it is said again at every look; the next one does not', async (t) => {
  const { gate, clock, say, override } = await newRoom(t);
  const event = { source: 'timetable', key: 'events from 1', says: 'busy' } as const;
  say(event);
  override();
  await clock.advance(coolDownMs);
  say(event);
  assert.equal(gate.isOpen, true);
  say({ ...event, key: 'events from 1 2' });
  assert.equal(gate.isOpen, false);
});

test('only where the site allows it, and only for so long', async (t) => {
  const strict = await newRoom(t, { maxMs: null });
  assert.throws(() => strict.override(), { code: 'OVERRIDE_NOT_ALLOWED' });
  const { override } = await newRoom(t);
  assert.throws(() => override(hour + 1), { code: 'OVERRIDE_NOT_ALLOWED', message: /at most 60 minutes/ });
});

test('a sleep of the machine ends it, and so does a person', async (t) => {
  const slept = await newRoom(t);
  slept.override();
  await slept.clock.advance(coolDownMs);
  slept.machine.sleptMs = hour;
  slept.watch.look();
  await slept.clock.advance(10 * coolDownMs);
  assert.deepEqual([slept.gate.isOpen, slept.ends], [false, ['void']]);

  const { gate, clock, ends, watch, override } = await newRoom(t);
  override();
  await clock.advance(coolDownMs);
  watch.endOverride();
  assert.deepEqual([gate.isOpen, ends], [false, ['taken back']]);
});

test('a process that was stopped counts its cool-down again', async (t) => {
  const { gate, clock, override } = await newRoom(t);
  override();
  await clock.stall(coolDownMs + 5_000);
  assert.equal(gate.isOpen, false);
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});
