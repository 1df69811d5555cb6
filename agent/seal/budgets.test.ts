import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, type TestContext, test } from 'node:test';
import { simulateStudy } from '../../carto/index.ts';
import { Gate } from '../../core/gate.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { newId } from '../../protocol/ids.ts';
import { threadMs } from '../testing/threads.ts';
import { until } from '../testing/until.ts';
import { DiskStanding, threadsNamed } from './disk-standing.ts';
import type { SealJob } from './jobs.ts';
import { Sealer, type SealerOptions } from './sealer.ts';

const stock = mkdtempSync(join(tmpdir(), 'vestibule-budgets-'));
const siteKey = Buffer.alloc(32, 3);
let source = '';
before(async () => {
  ({ folder: source } = await simulateStudy({ folder: stock, seed: 5, points: 1 }));
});
after(() => rmSync(stock, { recursive: true, force: true }));

function newSealer(t: TestContext, options: SealerOptions) {
  const gate = new Gate();
  gate.open();
  const sealer = new Sealer(gate, options);
  t.after(() => sealer.stop());
  const archives = (['review', 'study'] as const).map((tier) => ({ tier, archiveId: newId('arc') }));
  const job: Extract<SealJob, { kind: 'seal' }> = {
    ...{ kind: 'seal', source, target: temporaryFolder(t), caseId: newId('case'), archives, siteKey },
    recipients: [{ kid: 'storage', secret: Buffer.alloc(32, 1) }],
    privacy: { profile: 'pseudonymised', siteKey },
  };
  return { sealer, job, work: gate.work('intake'), signal: new AbortController().signal };
}

test('under a share of the processor no thread uses more, and the same is sealed', async (t) => {
  const { sealer, job, work, signal } = newSealer(t, { cpuPercent: 25 });
  const fromMs = performance.now();
  const { archives } = await sealer.seal(job, work, signal);
  const wallMs = performance.now() - fromMs;
  const [first = 0, second = 0] = [threadMs('seal'), threadMs('seal-2')];
  t.diagnostic(`${Math.round(first)} and ${Math.round(second)} ms of ${Math.round(wallMs)}`);
  // A thread begins before it can look at anything, and ends behind its last look.
  assert.ok(Math.max(first, second) <= 0.25 * wallMs + 150, `${first} and ${second} ms of ${wallMs}`);
  assert.equal(archives.length, 2);
});

test('the threads that do bulk work stand last in line for the disk, the main thread does not', async (t) => {
  const disk = new DiskStanding('idle');
  const { sealer, job, work, signal } = newSealer(t, { disk });
  const main = classesOf([String(process.pid)]);
  const sealing = sealer.seal(job, work, signal);
  const bulk = () => classesOf(threadsNamed(new Set(['seal', 'seal-2', 'libuv-worker'])));
  await until(() => threadMs('seal-2') !== undefined, 'both threads', 30_000);
  if (disk.status === 'not available') return t.skip('no ionice here');
  assert.ok(bulk().length > 2);
  assert.deepEqual([...new Set(bulk())], ['idle']);
  assert.deepEqual(classesOf([String(process.pid)]), main);
  await sealing;
});

test('a machine on which the class cannot be set is told, and works', async (t) => {
  const disk = new DiskStanding('lowest', 'no-such-program');
  const { sealer, work, signal } = newSealer(t, { disk });
  assert.equal(disk.status, 'lowest');
  await sealer.identify({ kind: 'identify', source, siteKey }, work, signal);
  assert.equal(disk.status, 'not available');
});

/** As `ionice` tells them. */
function classesOf(threads: readonly string[]): readonly string[] {
  return execFileSync('ionice', ['-p', ...threads], { encoding: 'utf8' })
    .trimEnd()
    .split('\n');
}
