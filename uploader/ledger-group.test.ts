import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Database, openStore } from '../core/database.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { type LedgerRequest, runGroup } from './ledger-group.ts';
import { ledgerMigrations } from './ledger-schema.ts';
import { type Statements, statementsOf } from './statements.ts';
import { someEntry } from './testing/ledger.ts';

async function openDatabase(t: TestContext): Promise<{ db: Database; sql: Statements }> {
  const db = openStore(join(temporaryFolder(t), 'ledger.db'), ledgerMigrations);
  t.after(() => db.close());
  return { db, sql: statementsOf(db) };
}

function detection(id: number, sourceBytes = 1): LedgerRequest {
  const sourceSealed = Buffer.alloc(sourceBytes);
  return {
    id,
    name: 'detect',
    args: { ...someEntry(), sourceSealed, caseId: `case-${id}`, at: '2030-01-01T00:00:00Z' },
  };
}

const countCases = (sql: Statements) => (sql('SELECT count(*) AS n FROM cases').get() as { n: number }).n;

test('a throwing command is undone alone', async (t) => {
  const { db, sql } = await openDatabase(t);
  const twice = detection(2);
  const answers = runGroup(db, sql, [
    detection(1),
    { id: 9, name: 'batch', args: { batchId: 'b', tier: 'review', archiveIds: ['unknown'], at: 'now' } },
    { id: 10, name: 'nonsense' as never, args: {} },
    twice,
  ]);
  assert.deepEqual(
    answers.map(({ id, ok }) => [id, ok]),
    [
      [1, true],
      [9, false],
      [10, false],
      [2, true],
    ],
  );
  assert.equal(countCases(sql), 2);
  assert.equal((sql('SELECT count(*) AS n FROM batches').get() as { n: number }).n, 0);
});

test('on a full disk nothing of the group is stored, each is told so, and it goes on once there is room', async (t) => {
  const { db, sql } = await openDatabase(t);
  const pages = Number(db.pragma('page_count', { simple: true }));
  db.pragma(`max_page_count = ${pages + 8}`);
  const answers = runGroup(db, sql, [detection(1), detection(2, 500_000), detection(3)]);
  const stored = countCases(sql);
  const acknowledged = answers.filter(({ ok }) => ok).length;
  assert.equal(stored, acknowledged, 'what was acknowledged is stored, and nothing else');
  const refused = answers.filter((answer) => !answer.ok);
  assert.ok(refused.length > 0);
  for (const answer of refused) assert.equal(!answer.ok && answer.error.code, 'DISK_FULL');
  assert.equal(db.inTransaction, false);
  db.pragma('max_page_count = 100000');
  assert.ok(runGroup(db, sql, [detection(4, 500_000)])[0]?.ok);
});

test('when the commit itself fails, every command of the group is answered with that', async (t) => {
  const { db, sql } = await openDatabase(t);
  db.exec(`
    CREATE TABLE parent (id INTEGER PRIMARY KEY);
    CREATE TABLE child (parent_id INTEGER REFERENCES parent (id) DEFERRABLE INITIALLY DEFERRED);
    CREATE TRIGGER broken AFTER INSERT ON cases BEGIN INSERT INTO child VALUES (1); END;
  `);
  const answers = runGroup(db, sql, [detection(1), detection(2)]);
  assert.deepEqual(
    answers.map((answer) => !answer.ok && answer.error.code),
    ['NOT_STORED', 'NOT_STORED'],
  );
  assert.equal(countCases(sql), 0);
  assert.equal(db.inTransaction, false);
});

test('an error that reaches the caller names no value of the case', async (t) => {
  const { db, sql } = await openDatabase(t);
  runGroup(db, sql, [detection(1)]);
  const [answer] = runGroup(db, sql, [
    { id: 2, name: 'detect', args: { ...someEntry(), caseId: 'case-1', at: 'now', signature: 'secret-name' } },
  ]);
  assert.ok(answer && !answer.ok);
  assert.doesNotMatch(JSON.stringify(answer), /secret-name/);
});
