import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openLog } from './log.ts';
import { temporaryFolder } from './testing/folder.ts';

function scene(t: TestContext, limits = { maxBytes: 1024 * 1024, keep: 2 }) {
  const folder = temporaryFolder(t);
  const file = join(folder, 'log');
  const time = { ms: 0 };
  const clock = { now: () => new Date(time.ms), monotonicMs: () => time.ms };
  const log = openLog({ file }, { clock, limits });
  const lines = (name = 'log') =>
    readFileSync(join(folder, name), 'utf8')
      .trimEnd()
      .split('\n')
      .map((line) => JSON.parse(line) as Record<string, unknown>);
  return { folder, file, time, log, lines };
}

test('LOG-01: a log keeps to its limits over a flood, and its newest lines are there', (t) => {
  const { folder, log, lines } = scene(t, { maxBytes: 10_000, keep: 2 });
  for (let n = 0; n < 5_000; n++) log.info({ n }, 'something happened');
  assert.deepEqual(readdirSync(folder).toSorted(), ['log', 'log.1', 'log.2']);
  for (const name of readdirSync(folder)) assert.ok(statSync(join(folder, name)).size <= 10_000, name);
  const kept = ['log.2', 'log.1', 'log'].flatMap((name) => lines(name).map(({ n }) => Number(n)));
  assert.equal(kept.at(-1), 4_999);
  assert.deepEqual(
    kept,
    kept.map((_, at) => (kept[0] ?? 0) + at),
    'no line is missing in between',
  );
  assert.equal(statSync(join(folder, 'log')).mode & 0o777, 0o600);
});

test('LOG-01: the size of what is there counts after a restart', (t) => {
  const { folder, file, log } = scene(t, { maxBytes: 2_000, keep: 1 });
  for (let n = 0; n < 15; n++) log.info({ n }, 'before the restart');
  const again = openLog({ file }, { limits: { maxBytes: 2_000, keep: 1 } });
  for (let n = 0; n < 15; n++) again.info({ n }, 'after the restart');
  assert.ok(existsSync(join(folder, 'log.1')));
  assert.ok(statSync(file).size <= 2_000);
});

test('LOG-02: an equal warning is said once in an hour, then how often it came', (t) => {
  const { log, time, lines } = scene(t);
  const courier = log.child({ part: 'courier' });
  for (let attempts = 1; attempts <= 121; attempts++) {
    courier.warn({ attempts, error: { code: 'ENDPOINT_UNREACHABLE' } }, 'courier job failed');
    time.ms += 29_000;
  }
  courier.warn({ attempts: 1, error: { code: 'TICKET_REFUSED' } }, 'courier job failed');
  log.info({}, 'nothing is counted of what only informs');
  log.info({}, 'nothing is counted of what only informs');
  assert.equal(lines().length, 4);
  time.ms = 3_600_000;
  log.info({}, 'an hour later');
  const [, , , , told, later] = lines();
  assert.equal(told?.repeated, 120);
  assert.equal(told?.part, 'courier');
  assert.equal(told?.msg, 'courier job failed');
  assert.equal(told?.level, 40);
  assert.deepEqual(told?.error, { code: 'ENDPOINT_UNREACHABLE' });
  assert.equal(later?.msg, 'an hour later');
  courier.warn({ attempts: 122, error: { code: 'ENDPOINT_UNREACHABLE' } }, 'courier job failed');
  assert.equal(lines().at(-1)?.attempts, 122, 'and it is said again');
});

test('LOG-02: warnings about different cases are different, and what cannot be compared is said', (t) => {
  const { log, lines } = scene(t);
  for (const caseId of ['case-a', 'case-b', 'case-a']) log.error({ caseId }, 'archive damaged, case held');
  assert.equal(lines().length, 2);
  const circular: Record<string, unknown> = {};
  circular.itself = circular;
  for (let n = 0; n < 2; n++) log.warn({ circular }, 'odd');
  assert.equal(lines().length, 4);
});

test('LOG-03: a disk that refuses lines stops nobody; how many were lost is said', (t) => {
  const { folder, file, log, lines } = scene(t, { maxBytes: 300, keep: 1 });
  log.info({}, 'before');
  // A folder stands where the full file should be put aside.
  mkdirSync(join(folder, 'log.1', 'in-the-way'), { recursive: true });
  for (let n = 0; n < 50; n++) log.info({ n }, 'lost, for the greater part');
  assert.ok(statSync(file).size <= 300);
  rmSync(join(folder, 'log.1'), { recursive: true });
  log.info({}, 'after');
  const [first, second] = lines();
  assert.ok(Number(first?.lost) > 40);
  assert.equal(second?.msg, 'after');
});
