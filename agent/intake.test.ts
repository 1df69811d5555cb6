import assert from 'node:assert/strict';
import { mkdirSync, renameSync, rmSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { setFlagsFromString } from 'node:v8';
import { runInNewContext } from 'node:vm';
import { pino } from 'pino';
import { systemClock } from '../core/clock.ts';
import { Gate } from '../core/gate.ts';
import { silentLog } from '../core/log.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { Intake } from './intake.ts';
import type { Outcome } from './pipeline.ts';
import { until } from './testing/until.ts';
import { Workplace } from './testing/workplace.ts';

const pause = (ms: number) => new Promise((resolve) => setTimeout(resolve, ms));

test('at a closed gate nothing is listed: what is dropped is not even detected until the gate opens', async (t) => {
  const place = await Workplace.open(t, { rescanMs: 50 });
  place.drop('before');
  await pause(200);
  assert.deepEqual(place.cases, []);
  assert.deepEqual(place.gate.running, []);
  place.gate.open();
  await place.reached('sealed');
  place.gate.close();
  assert.deepEqual(await place.gate.quiet(30_000), []);
  place.drop('while closed');
  await pause(200);
  assert.deepEqual(place.stages, ['sealed']);
  place.gate.open();
  await place.reached('sealed', 'sealed');
});

test('an inbox that is away for a while is listed again when it is back, and costs no case', async (t) => {
  const lines: string[] = [];
  const log = pino({ level: 'warn' }, { write: (line: string) => void lines.push(line) });
  const place = await Workplace.open(t, { rescanMs: 300, quietMs: 500, log });
  place.gate.open();
  place.drop('case');
  await place.reached('detected');
  renameSync(place.inbox, `${place.inbox}-away`);
  await until(() => lines.some((line) => line.includes('inbox cannot be listed')), 'the warning');
  await pause(700);
  assert.deepEqual(place.stages, ['detected'], 'an inbox that cannot be listed is not an empty one');
  assert.equal(lines.filter((line) => line.includes('cannot be listed')).length, 1);
  renameSync(`${place.inbox}-away`, place.inbox);
  await place.reached('sealed');
  assert.doesNotMatch(lines.join(), new RegExp(place.inbox));
});

test('a gate that opens and closes a hundred times in the middle of everything loses and doubles nothing', async (t) => {
  const place = await Workplace.open(t, { rescanMs: 400 });
  // Once before: the thread loads its rooms for the first case, which takes long on a busy machine.
  place.gate.open();
  place.drop('first');
  await place.reached('sealed');
  place.gate.close();
  const names = Array.from({ length: 6 }, (_, n) => `case ${n}`);
  for (const name of names) place.drop(name);
  let over = false;
  const flapping = (async () => {
    for (let n = 0; !over && n < 400; n++) {
      place.gate.open();
      await pause(n % 7 === 0 ? 40 : n % 9);
      place.gate.close();
      if (n % 5 === 0) {
        await place.gate.quiet(500);
        assert.deepEqual(place.gate.running, []);
      }
    }
    place.gate.open();
  })();
  await until(
    () => place.stages.length === 7 && place.stages.every((stage) => stage === 'sealed'),
    'six more cases',
    25_000,
  );
  over = true;
  await flapping;
  assert.equal(new Set(place.cases.map(({ caseId }) => caseId)).size, 7);
  const count = (event: string) => place.milestones.filter((milestone) => milestone.event === event).length;
  assert.deepEqual([count('case-detected'), count('case-settled'), count('case-sealed')], [7, 7, 7]);
});

test('stops at once in the middle of its rest, and in the middle of a seal', async (t) => {
  const resting = await Workplace.open(t, { quietMs: 60_000 });
  resting.gate.open();
  resting.drop('case');
  await resting.reached('detected');
  const sealing = await Workplace.open(t);
  sealing.gate.open();
  sealing.drop('case');
  await sealing.reached('settled');
  const stoppedAt = performance.now();
  await Promise.all([resting.close(), sealing.close()]);
  assert.ok(performance.now() - stoppedAt < 3_000);
});

/** An intake whose pipeline only counts, for what needs many rounds. */
function counting(inbox: string, more: { readonly fail?: boolean; readonly prepare?: () => Promise<void> } = {}) {
  const gate = new Gate();
  const seen = { taken: 0, rounds: 0 };
  const take = async (): Promise<Outcome> => {
    seen.taken++;
    return 'sealed';
  };
  const holdMissing = async () => {
    seen.rounds++;
    if (more.fail) throw Object.assign(new Error('full'), { code: 'DISK_FULL' });
  };
  const intake = new Intake({
    ...{ gate, clock: systemClock, log: silentLog, inboxes: [inbox], siteKey: Buffer.alloc(32), rescanMs: 300 },
    imports: { open: [] },
    pipeline: { take, holdMissing },
    ...(more.prepare ? { prepare: more.prepare } : {}),
  });
  return { gate, seen, intake };
}

test('a sealed entry is not looked into again; a ledger that is full for a moment does not end the intake', async (t) => {
  const inbox = temporaryFolder(t);
  const stop = new AbortController();
  const { gate, seen, intake } = counting(inbox, { fail: true });
  await intake.start(stop.signal);
  mkdirSync(join(inbox, 'case'));
  gate.open();
  await until(() => seen.rounds >= 3, 'three rounds');
  assert.equal(seen.taken, 1);
  rmSync(join(inbox, 'case'), { recursive: true });
  stop.abort(new Error('stopping'));
  await intake.stop();
  assert.deepEqual(gate.running, []);
});

test('what has to be done before anything is taken is done once, behind the gate; its failure is not the end', async (t) => {
  const stop = new AbortController();
  let prepared = 0;
  const prepare = async () => {
    prepared++;
    throw new Error('no room');
  };
  const { gate, seen, intake } = counting(temporaryFolder(t), { prepare });
  await intake.start(stop.signal);
  await pause(50);
  assert.equal(prepared, 0);
  gate.open();
  await until(() => seen.rounds >= 1, 'a round');
  gate.close();
  gate.open();
  await until(() => seen.rounds >= 2, 'another round');
  assert.equal(prepared, 1);
  stop.abort(new Error('stopping'));
  await intake.stop();
});

test('a thousand openings and closings leave neither handles nor memory behind', async (t) => {
  const stop = new AbortController();
  const { gate, seen, intake } = counting(temporaryFolder(t));
  await intake.start(stop.signal);
  const cycle = async (n: number) => {
    gate.open();
    await pause(n % 50 === 0 ? 5 : 0);
    gate.close();
  };
  for (let n = 0; n < 200; n++) await cycle(n);
  assert.deepEqual(await gate.quiet(30_000), []);
  const before = { handles: process.getActiveResourcesInfo().length, heap: heapBytes() };
  for (let n = 0; n < 1000; n++) await cycle(n);
  assert.deepEqual(await gate.quiet(30_000), []);
  assert.ok(process.getActiveResourcesInfo().length <= before.handles + 2);
  assert.ok(heapBytes() - before.heap < 30e6);
  gate.open();
  const rounds = seen.rounds;
  await until(() => seen.rounds > rounds, 'a round after all that');
  stop.abort(new Error('stopping'));
  await intake.stop();
});

/** What is left on the heap once garbage is collected. */
function heapBytes(): number {
  setFlagsFromString('--expose-gc');
  (runInNewContext('gc') as () => void)();
  return process.memoryUsage().heapUsed;
}
