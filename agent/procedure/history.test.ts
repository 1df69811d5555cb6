import assert from 'node:assert/strict';
import { appendFileSync, readdirSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { Decision } from '../../protocol/control.ts';
import { FakeClock } from '../testing/clock.ts';
import { ClosedSpell } from './closed-spell.ts';
import { History, readHistory } from './history.ts';

const decision: Decision = {
  ...{
    at: '2030-01-01T00:00:00.000Z',
    bootId: 'boot-1',
    monotonicMs: 1,
    from: 'unknown',
    state: 'active',
    gate: 'closed',
  },
  evidence: [],
};

test('decisions are read back in order; torn and foreign lines are left out', (t) => {
  const path = join(temporaryFolder(t), 'procedure', 'decisions.jsonl');
  const history = new History(path, silentLog);
  assert.deepEqual(history.read(), []);
  history.append(decision);
  appendFileSync(
    path,
    '{"at":"2030\n17\n{"at":"x","bootId":"b","monotonicMs":1,"state":"a","gate":"b","evidence":[]}\n',
  );
  history.append({ ...decision, monotonicMs: 2 });
  assert.deepEqual(
    history.read().map(({ monotonicMs }) => monotonicMs),
    [1, 2],
  );
  assert.equal(statSync(path).mode & 0o007, 0);
});

test('the history never takes more than about a megabyte, and keeps the newest', (t) => {
  const folder = temporaryFolder(t);
  const path = join(folder, 'decisions.jsonl');
  const history = new History(path, silentLog);
  const line = `${JSON.stringify(decision)}\n`;
  for (let round = 0; round < 3; round++) {
    appendFileSync(path, line.repeat(Math.ceil(530_000 / line.length)));
    history.append({ ...decision, monotonicMs: 100 + round });
  }
  const total = readdirSync(folder).reduce((sum, name) => sum + statSync(join(folder, name)).size, 0);
  assert.ok(total < 1_200_000, `${total} bytes`);
  assert.equal(readHistory(path).at(-1)?.monotonicMs, 102);
});

test('a disk that takes no history stops nobody', (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'procedure'), 'a file where the folder should be');
  new History(join(folder, 'procedure', 'decisions.jsonl'), silentLog).append(decision);
});

test('a gate closed for too long raises one alarm, over restarts of the daemon, and an opening ends it', async () => {
  const clock = new FakeClock();
  const startedMs = clock.monotonicMs();
  const hour = 3_600_000;
  const closedAt = (ms: number, gate: 'open' | 'closed' = 'closed') => ({ ...decision, monotonicMs: ms, gate });
  await clock.advance(10 * hour);
  const old = [closedAt(startedMs), closedAt(startedMs + hour, 'open'), closedAt(startedMs + 2 * hour)];
  const spell = new ClosedSpell(clock, 12 * hour, old);
  assert.equal(spell.untilAlarmMs(clock.monotonicMs()), 4 * hour);
  assert.equal(spell.note(false, clock.monotonicMs()), false);
  await clock.advance(4 * hour);
  const nowMs = clock.monotonicMs();
  assert.deepEqual([spell.note(false, nowMs), spell.note(false, nowMs)], [true, false]);
  assert.match(spell.alarm(nowMs)?.text ?? '', /closed for 12 h/);
  spell.note(true, nowMs);
  assert.equal(spell.alarm(nowMs), undefined);
});

test('what an earlier boot says does not count towards the alarm', () => {
  const clock = new FakeClock();
  const spell = new ClosedSpell(clock, 1_000, [{ ...decision, bootId: 'boot-0', monotonicMs: 1 }]);
  assert.equal(spell.untilAlarmMs(clock.monotonicMs()), 1_000);
});
