import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { test } from 'node:test';
import { openReader, openStore } from '../../core/database.ts';
import { silentLog } from '../../core/log.ts';
import { type AuditEntry, chainHash, firstHead } from '../../protocol/audit.ts';
import { Ledger } from '../ledger.ts';
import { ledgerMigrations } from '../ledger-schema.ts';
import { openTestLedger, someEntry } from '../testing/ledger.ts';

function someRecord(change: Partial<AuditEntry['record']> = {}): AuditEntry {
  const id = `aud-${randomBytes(12).toString('hex')}`;
  const time = { at: '2030-01-01T00:00:00.000Z', bootId: 'boot', monotonicMs: 5 };
  return { record: { v: 1, id, ...time, action: 'case-release', actor: 'person', ...change } };
}

interface Row {
  readonly seq: number;
  readonly record: string;
  readonly hash: string;
}

function rowsOf(path: string): Row[] {
  const db = openReader(path);
  const rows = db.prepare('SELECT seq, record, hash FROM audit ORDER BY seq').all() as Row[];
  db.close();
  return rows;
}

test('records are chained by the writer, in the order in which they were asked for', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const answers = await Promise.all(Array.from({ length: 20 }, (_, n) => ledger.audit(someRecord({ evidence: n }))));
  let { hash } = firstHead;
  for (const [at, row] of rowsOf(path).entries()) {
    hash = chainHash(hash, row.record);
    assert.deepEqual([row.seq, row.hash], [at + 1, hash]);
    assert.deepEqual(answers[at], { seq: at + 1, hash, isNew: true });
    assert.equal((JSON.parse(row.record) as { evidence: number }).evidence, at);
  }
});

test('a record that is handed over twice is stored once, after a restart too', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const record = someRecord();
  const first = await ledger.audit(record);
  assert.deepEqual(await ledger.audit(record), { ...first, isNew: false });
  await ledger.close();
  const again = await Ledger.open({ path, log: silentLog });
  t.after(() => again.close());
  assert.deepEqual(await again.audit(record), { ...first, isNew: false });
  assert.equal((await again.audit(someRecord())).seq, 2);
});

test('a step and its record are stored together, or neither is', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const { caseId } = await ledger.audited(someRecord({ subject: 'one' })).detect(someEntry());
  await assert.rejects(ledger.audited(someRecord({ subject: 'two' })).release(caseId), { code: 'ILLEGAL_MOVE' });
  const tooLong = someRecord({ evidence: 'x'.repeat(100_000) });
  await assert.rejects(ledger.audited(tooLong).hold(caseId, 'empty', 'a hint'), { code: 'NOT_STORED' });
  assert.equal(ledger.read.caseById(caseId)?.stage, 'detected');
  const subjects = rowsOf(path).map(({ record }) => (JSON.parse(record) as { subject?: string }).subject);
  assert.deepEqual(subjects, ['one']);
});

test('the database itself refuses to change or remove a record', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  await ledger.audit(someRecord());
  await ledger.close();
  const db = openStore(path, ledgerMigrations);
  t.after(() => db.close());
  for (const sql of ["UPDATE audit SET record = '{}'", 'DELETE FROM audit', 'UPDATE audit SET why = NULL']) {
    assert.throws(() => db.exec(sql), /cannot be (changed|removed)/);
  }
});
