import assert from 'node:assert/strict';
import { once } from 'node:events';
import { test } from 'node:test';
import { Worker } from 'node:worker_threads';
import { threadTime, WorkShare } from './work-share.ts';

/** Works in pieces and rests as it is told; the share that came of it. */
function worked(percent: number, piecesMs: readonly number[]): number {
  const share = new WorkShare(percent);
  let [nowMs, cpuMs] = [1_000, 7_000];
  share.restMs({ nowMs, cpuMs });
  for (const pieceMs of piecesMs) {
    nowMs += pieceMs;
    cpuMs += pieceMs;
    nowMs += share.restMs({ nowMs, cpuMs });
  }
  return (cpuMs - 7_000) / (nowMs - 1_000);
}

test('whatever the pieces, the share is kept and made use of', () => {
  for (const percent of [5, 25, 50, 90]) {
    for (const pieces of [Array(1_000).fill(0.3), Array(100).fill(7), [400, ...Array(100).fill(3)]] as number[][]) {
      const used = worked(percent, pieces) * 100;
      // The last crumb that is not rested off yet.
      assert.ok(used <= percent * 1.06 && used >= percent * 0.9, `${used} of ${percent} %`);
    }
  }
});

test('time without work is saved up for a moment only, and the whole of a processor needs no rest', () => {
  const share = new WorkShare(50);
  share.restMs({ nowMs: 0, cpuMs: 0 });
  assert.equal(share.restMs({ nowMs: 3_600_000, cpuMs: 0 }), 0);
  const rest = share.restMs({ nowMs: 3_600_100, cpuMs: 100 });
  assert.ok(rest >= 50 && rest <= 100, `${rest} ms`);
  assert.equal(worked(100, Array(50).fill(10)), 1);
});

test('a thread’s time is its own: what another thread uses is not in it', async () => {
  const before = threadTime();
  const spin =
    'for (let end = performance.now() + 5000; performance.now() < end && process.threadCpuUsage().user < 3e5;);';
  await once(new Worker(spin, { eval: true }), 'exit');
  const idle = threadTime();
  assert.ok(idle.cpuMs - before.cpuMs < 150, `${idle.cpuMs - before.cpuMs} ms while another used 300`);
  while (threadTime().cpuMs < idle.cpuMs + 50) assert.ok(performance.now() < idle.nowMs + 30_000, 'it goes on');
});
