import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { openText } from '../../core/boxed-text.ts';
import { openReader } from '../../core/database.ts';
import { sha256 } from '../../core/digest.ts';
import type { AuditRecord } from '../../protocol/audit.ts';
import { openTestLedger } from '../../uploader/testing/ledger.ts';
import { FakeClock } from '../testing/clock.ts';
import { AuditLog } from './audit-log.ts';
import { whoRuns } from './claim.ts';
import { leaveRecord } from './pending.ts';
import { stamped } from './stamp.ts';

async function openLog(t: TestContext) {
  const { ledger, path, folder } = await openTestLedger(t);
  const storageKey = randomBytes(32);
  const clock = new FakeClock();
  const audit = new AuditLog({ ledger, clock, storageKey });
  const records = () => {
    const db = openReader(path);
    const rows = db.prepare('SELECT record, why FROM audit ORDER BY seq').all() as { record: string; why: Buffer }[];
    db.close();
    return rows.map(({ record, why }) => ({ ...(JSON.parse(record) as AuditRecord), why }));
  };
  return { audit, ledger, clock, storageKey, records, pending: join(folder, 'audit') };
}

test('a record has who, what and when; what somebody typed is sealed and tied to it by its digest', async (t) => {
  const { audit, clock, storageKey, records } = await openLog(t);
  const why = 'withdrawn for Jane Doe';
  await audit.record({ action: 'relink', actor: 'person', uid: 7, uidFrom: 'owner', subject: 'Map-x', why });
  const [record] = records();
  assert.ok(record?.why && record.whySha256);
  assert.equal(openText(record.why, storageKey), why);
  assert.equal(record.whySha256, sha256(record.why));
  assert.doesNotMatch(JSON.stringify(record), /Doe/);
  const { at, bootId, monotonicMs, seq, action, actor, uid, uidFrom, subject } = record;
  const found = { at, bootId, monotonicMs, seq, action, actor, uid, uidFrom, subject };
  assert.deepEqual(found, {
    ...{ at: clock.now().toISOString(), bootId: clock.bootId, monotonicMs: clock.monotonicMs(), seq: 1 },
    ...{ action: 'relink', actor: 'person', uid: 7, uidFrom: 'owner', subject: 'Map-x' },
  });
});

test('a subject that is no id is refused, too much evidence is left out and said', async (t) => {
  const { audit, records } = await openLog(t);
  await assert.rejects(audit.record({ action: 'relink', actor: 'person', subject: 'Jane Doe' }), TypeError);
  await audit.record({ action: 'relink', actor: 'person', evidence: 'x'.repeat(10_000) });
  assert.deepEqual(
    records().map(({ evidence }) => evidence),
    [{ leftOut: 'too much', bytes: 10_002 }],
  );
});

test('what commands left is taken in, in its order, once; its uid is the owner of its file', async (t) => {
  const { audit, ledger, clock, records, pending } = await openLog(t);
  const mine = { uid: process.getuid?.(), uidFrom: 'owner' };
  const leave = (subject: string, uid: number) => {
    const record = stamped({ action: 'relink', actor: 'person', uid, uidFrom: 'process', subject, why: 'x' }, clock);
    leaveRecord(pending, record);
    return record;
  };
  leave('one', 4242);
  await clock.advance(1000);
  const second = leave('two', 4242);
  await audit.takePending(pending);
  assert.deepEqual(readdirSync(pending), []);
  // As after a power cut between the commit and the removal of the file.
  leaveRecord(pending, second);
  await audit.takePending(pending);
  assert.deepEqual(
    records().map(({ subject, uid, uidFrom }) => ({ subject, uid, uidFrom })),
    [
      { subject: 'one', ...mine },
      { subject: 'two', ...mine },
    ],
  );
  await ledger.close();
  leave('three', 1);
  await assert.rejects(audit.takePending(pending), { code: 'LEDGER_CLOSED' });
  assert.equal(readdirSync(pending).length, 1, 'it waits for the next start');
});

test('a file that is no record is put aside, said, and keeps nobody from starting', async (t) => {
  const { audit, clock, records, pending } = await openLog(t);
  leaveRecord(pending, stamped({ action: 'relink', actor: 'person' }, clock));
  for (const [name, text] of Object.entries({ a: '{"record', b: '[]', c: '{"record":{"id":5}}' })) {
    writeFileSync(join(pending, `${name}.record`), text);
  }
  await audit.takePending(pending);
  await audit.takePending(pending);
  assert.deepEqual(
    records()
      .map(({ action }) => action)
      .toSorted(),
    [...['record-unreadable', 'record-unreadable', 'record-unreadable', 'relink']],
  );
  assert.ok(existsSync(join(pending, 'a.record.unreadable')));
  assert.equal(readFileSync(join(pending, 'a.record.unreadable'), 'utf8'), '{"record');
});

test('the person behind sudo is noted beside the one that the process runs as', () => {
  const own = { actor: 'person', uid: process.getuid?.(), uidFrom: 'process' };
  assert.deepEqual(whoRuns({ SUDO_UID: '1001' }), { ...own, behalfOf: 1001 });
  assert.deepEqual(whoRuns({ SUDO_UID: 'nobody' }), own);
});
