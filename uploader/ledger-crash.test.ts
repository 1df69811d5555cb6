import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { silentLog } from '../core/log.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { openLedgerReader } from './ledger-reader.ts';
import { LedgerWriter } from './ledger-writer.ts';
import { openTestLedger, someCounts, someEntry } from './testing/ledger.ts';

const child = fileURLToPath(new URL('./testing/detect-forever.ts', import.meta.url));

test('kill -9, three times: every case that was acknowledged is there', async (t) => {
  const path = join(temporaryFolder(t), 'ledger.db');
  const acknowledged = new Set<string>();
  for (const killAfter of [40, 400, 160]) {
    const writer = spawn(process.execPath, [child, path], { stdio: ['ignore', 'pipe', 'inherit'] });
    const lines = createInterface({ input: writer.stdout });
    let seen = 0;
    lines.on('line', (caseId) => {
      // A line that was cut in its middle is not an acknowledgement.
      if (/^case-[a-z2-7]{20}$/.test(caseId)) acknowledged.add(caseId);
      seen += 1;
      if (seen === killAfter) writer.kill('SIGKILL');
    });
    const [, signal] = await once(writer, 'close');
    assert.equal(signal, 'SIGKILL');
  }
  assert.ok(acknowledged.size >= 600);
  const reader = openLedgerReader(path);
  t.after(() => reader.close());
  const stored = new Set(reader.cases().map(({ caseId }) => caseId));
  const lost = [...acknowledged].filter((caseId) => !stored.has(caseId));
  assert.deepEqual(lost, []);
});

test('lesson 36: when the writer dies, what waits and what comes later is rejected, and the owner is told', async (t) => {
  const path = join(temporaryFolder(t), 'ledger.db');
  const writer = await LedgerWriter.open(path, silentLog);
  t.after(() => writer.close());
  const entry = { ...someEntry(), caseId: 'case-1', at: 'now' };
  await writer.run('detect', entry);
  // More than the thread's heap may hold: V8 ends it, as any crash would.
  const tooMuch = Array.from({ length: 4 << 20 }, (_, n) => [n]);
  const deadly = writer.run('settle', { caseId: 'case-1', counts: someCounts, fingerprint: tooMuch as never });
  const behind = writer.run('settle', { caseId: 'case-1', counts: someCounts, fingerprint: 'f' });
  const results = await Promise.allSettled([deadly, behind]);
  for (const result of results) {
    assert.equal(result.status === 'rejected' && result.reason.code, 'LEDGER_FAILED');
  }
  assert.equal((await writer.failed).code, 'LEDGER_FAILED');
  await assert.rejects(writer.run('settle', { caseId: 'case-1', counts: someCounts, fingerprint: 'f' }), {
    code: 'LEDGER_FAILED',
  });
  await writer.close();
  const reader = openLedgerReader(path);
  assert.equal(reader.caseById('case-1')?.stage, 'detected', 'what was acknowledged before is there');
  reader.close();
});

test('a clean close is not a failure', async (t) => {
  const { ledger } = await openTestLedger(t);
  let failed = false;
  void ledger.failed.then(() => {
    failed = true;
  });
  await ledger.detect(someEntry());
  await ledger.close();
  await ledger.close();
  assert.equal(failed, false);
});
