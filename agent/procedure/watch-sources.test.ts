import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { Authority } from '../../protocol/control.ts';
import { seededRandom } from '../../test/harness/random.ts';
import { FakeClock } from '../testing/clock.ts';
import type { EvidenceSource, Statement } from './evidence.ts';
import { History } from './history.ts';
import { ProcedureWatch } from './watch.ts';

const coolDownMs = 30_000;
const hour = 3_600_000;

/** A source that says what a test puts into it. */
class Told implements EvidenceSource {
  readonly name = 'hl7';
  said: readonly Statement[] = [];
  refreshed = 0;
  broken = false;
  onChange: () => void = () => {};
  async start(): Promise<void> {}
  async stop(): Promise<void> {}
  refresh(): void {
    this.refreshed++;
  }
  statements(): readonly Statement[] {
    if (this.broken) throw new Error('unmounted');
    return this.said;
  }
}

function newWatch(t: TestContext, authorities: readonly Authority[], more: { readonly stuckMs?: number } = {}) {
  const gate = new Gate();
  const clock = new FakeClock();
  const folder = temporaryFolder(t);
  const source = new Told();
  const history = new History(join(folder, 'decisions.jsonl'), silentLog);
  const machine = { sleptMs: 0 };
  const alarms: string[] = [];
  const watch = new ProcedureWatch({
    ...{ gate, clock, log: silentLog, leaseFolder: join(folder, 'leases'), authorities, coolDownMs, history, ...more },
    suspendedMs: () => machine.sleptMs,
    onChange: ({ stuck }) => stuck && alarms.push(stuck.text),
    sources: (onChange) => {
      source.onChange = onChange;
      return [source];
    },
  });
  t.after(() => watch.stop());
  const say = (says: Statement['says'], lifetimeMs: number | undefined, of: Statement['source'] = 'hl7') => {
    const span = lifetimeMs === undefined ? {} : { lifetimeMs };
    source.said = [{ source: of, key: 'k', says, sinceMs: clock.monotonicMs(), what: `says ${says}`, ...span }];
    watch.look();
  };
  return { gate, clock, folder, source, history, machine, alarms, watch, say };
}

test('weak evidence closes too, is called suspected, and ends with its lifetime', async (t) => {
  const { gate, clock, watch, say } = newWatch(t, ['leases']);
  await watch.start();
  await clock.advance(coolDownMs);
  say('maybe', 60_000, 'neighbours');
  assert.deepEqual([gate.isOpen, watch.status.state, watch.status.why], [false, 'suspected', 'neighbours: says maybe']);
  assert.equal(watch.status.opensInMs, 60_000 + coolDownMs);
  await clock.advance(60_000 + coolDownMs - 1);
  assert.equal(gate.isOpen, false);
  await clock.advance(1);
  assert.equal(gate.isOpen, true);
});

test('free counts from a named authority alone, and only while it is fresh', async (t) => {
  const { gate, clock, watch, say } = newWatch(t, ['hl7']);
  await watch.start();
  await clock.advance(10 * coolDownMs);
  assert.equal(watch.status.state, 'unknown', 'no lease means nothing where leases are no authority');
  say('free', hour, 'mpps');
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);
  say('free', hour);
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
  await clock.advance(hour - coolDownMs - 1);
  assert.equal(gate.isOpen, true);
  await clock.advance(1);
  assert.deepEqual([gate.isOpen, watch.status.state], [false, 'unknown']);
});

test('a free that ends within the cool-down never opens', async (t) => {
  const { gate, clock, watch, say } = newWatch(t, ['hl7']);
  await watch.start();
  say('free', coolDownMs - 1);
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false);
});

test('a source that fails says nothing, is named, and stops nobody', async (t) => {
  const { gate, clock, source, watch, say } = newWatch(t, ['hl7']);
  await watch.start();
  say('free', 10 * hour);
  await clock.advance(coolDownMs);
  source.broken = true;
  watch.look();
  assert.deepEqual([gate.isOpen, watch.status.state], [false, 'unknown']);
  assert.match(watch.status.why, /hl7 failed/);
});

test('after a sleep of the machine every free is void, sources are asked again, and an open gate closes', async (t) => {
  const { gate, clock, source, machine, watch, say } = newWatch(t, ['hl7']);
  await watch.start();
  say('free', 10 * hour);
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
  machine.sleptMs = 8 * hour;
  watch.look();
  assert.deepEqual([gate.isOpen, source.refreshed], [false, 1]);
  await clock.advance(10 * coolDownMs);
  assert.equal(gate.isOpen, false, 'what was said before the sleep means nothing');
  say('free', hour);
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, true);
});

test('after a sleep the silence of the leases is read again, and counts for a whole cool-down', async (t) => {
  const { gate, clock, machine, watch } = newWatch(t, ['leases']);
  await watch.start();
  await clock.advance(coolDownMs);
  machine.sleptMs = hour;
  watch.look();
  assert.equal(gate.isOpen, false);
  await clock.advance(coolDownMs);
  assert.equal(gate.isOpen, false);
  await clock.advance(1);
  assert.equal(gate.isOpen, true);
});

test('every change of state or evidence is one line of history, without the reasons that people typed', async (t) => {
  const { clock, history, watch, say } = newWatch(t, ['leases']);
  await watch.start();
  await clock.advance(coolDownMs);
  await clock.advance(hour);
  watch.take({ holder: 'cli', reason: 'Mrs Miller' });
  say('busy', hour);
  const lines = history.read();
  assert.deepEqual(
    lines.map(({ state, gate, evidence }) => `${state} ${gate} ${evidence.map(({ what }) => what).join('+')}`),
    [
      'settling closed no lease is held',
      'idle open no lease is held',
      'active closed held by cli',
      'active closed held by cli+says busy',
    ],
  );
  assert.deepEqual(
    lines.map(({ started }) => started),
    [true, undefined, undefined, undefined],
  );
  assert.doesNotMatch(JSON.stringify(lines), /Miller/);
});

test('closed for too long is an alarm, once, and opens nothing', async (t) => {
  const { gate, clock, alarms, watch } = newWatch(t, ['leases'], { stuckMs: 14 * hour });
  await watch.start();
  watch.take({ holder: 'cli', reason: 'forgotten' });
  await clock.advance(14 * hour - 1);
  assert.deepEqual([alarms.length, watch.status.stuck], [0, undefined]);
  await clock.advance(1);
  assert.equal(alarms.length, 1);
  assert.match(watch.status.stuck?.text ?? '', /closed for 14 h/);
  await clock.advance(100 * hour);
  assert.deepEqual([alarms.length, gate.isOpen], [1, false]);
  watch.release('cli');
  await clock.advance(coolDownMs);
  assert.deepEqual([gate.isOpen, watch.status.stuck], [true, undefined]);
});

test('random orders with clock jumps of ten years: the gate is open only while the room is free', async (t) => {
  const seed = Math.floor(Math.random() * 2 ** 31);
  t.diagnostic(`seed ${seed}`);
  const random = seededRandom(seed);
  let openings = 0;
  for (let order = 0; order < 40; order++) {
    const { gate, clock, source, machine, watch, say } = newWatch(t, ['hl7']);
    await watch.start();
    for (let event = 0; event < 25; event++) {
      const pick = Math.floor(random() * 6);
      if (pick === 0) say('busy', random() < 0.5 ? undefined : random() * hour);
      if (pick === 1 || pick === 2) say('free', random() * hour);
      if (pick === 3) clock.jumpWall((random() * 2 - 1) * 10 * 365 * 24 * hour);
      if (pick === 4) await clock.stall(random() * hour);
      if (pick === 5 && random() < 0.3) machine.sleptMs += hour;
      await clock.advance(Math.floor(random() * 2 * coolDownMs));
      if (!gate.isOpen) continue;
      openings++;
      const [said] = source.said;
      assert.equal(said?.says, 'free', `seed ${seed}, order ${order}`);
      assert.ok(clock.monotonicMs() - said.sinceMs < said.lifetimeMs!, `seed ${seed}, order ${order}: not fresh`);
    }
    await watch.stop();
  }
  assert.ok(openings > 20, `${openings} openings`);
});
