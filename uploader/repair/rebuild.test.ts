import assert from 'node:assert/strict';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { type Database, openStore } from '../../core/database.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { newId } from '../../protocol/ids.ts';
import { ledgerMigrations } from '../ledger-schema.ts';
import { withdrawCommands } from '../orders/withdraw-commands.ts';
import { outboxCommands } from '../outbox/outbox-commands.ts';
import { statementsOf } from '../statements.ts';
import { someArchive, someCounts } from '../testing/ledger.ts';
import type { JournalCase, SealedNote, WithdrawnNote } from './case-journal.ts';
import { rebuild } from './rebuild.ts';

const at = '2030-01-05T00:00:00.000Z';
const studyId = newId('stu');

function emptyLedger(t: TestContext): Database {
  const db = openStore(join(temporaryFolder(t), 'ledger.db'), ledgerMigrations);
  t.after(() => db.close());
  return db;
}

/** A case of a study that was sealed so often before; its linkage is that number. */
function note(revision: number): SealedNote {
  const { recipients: _, ...archive } = someArchive();
  const linkage = Buffer.from(`linkage ${revision}`).toString('base64');
  return {
    ...{ kind: 'sealed', caseId: newId('case'), entryKey: `entry ${revision}`, signature: 's', source: 'AAAA' },
    ...{ files: 3, sourceBytes: 9, detectedAt: at, counts: someCounts, archives: [archive] },
    study: { studyId, profile: 'pseudonymised', linkage, revision, marks: [`map:1`, `point:${revision}`] },
  };
}

function rebuilt(db: Database, notes: readonly SealedNote[], withdrawn: readonly WithdrawnNote[] = []) {
  const cases = new Map(notes.map((one): [string, JournalCase] => [one.caseId, { note: one }]));
  const journal = { cases, withdrawn: new Map(withdrawn.map((one) => [one.caseId, one])) };
  db.pragma('foreign_keys = OFF');
  return db.transaction(() => rebuild(db, { journal, look: () => 'whole', at }))();
}

const studyOf = (db: Database) => {
  const row = db.prepare('SELECT linkage_sealed AS linkage, revision FROM studies').get() as Record<string, unknown>;
  const marks = db.prepare('SELECT mark FROM study_marks ORDER BY mark').pluck().all();
  const cases = db.prepare('SELECT count(*) FROM cases WHERE study_id = ?').pluck().get(studyId);
  return [String(row.linkage), row.revision, marks, cases];
};

test('REPAIR-06: of a lost study comes back what it had given out last, and by which marks it is recognised', (t) => {
  const db = emptyLedger(t);
  rebuilt(db, [note(1), note(3), note(2)]);
  assert.deepEqual(studyOf(db), ['linkage 3', 3, ['map:1', 'point:1', 'point:2', 'point:3'], 3]);
});

test('REPAIR-06: rows that are older than the journal catch up with it, newer ones stay', (t) => {
  for (const [row, expected] of [
    [1, 'linkage 2'],
    [2, 'row 2'],
    [4, 'row 4'],
  ] as const) {
    const db = emptyLedger(t);
    const insert = `INSERT INTO studies (study_id, profile, linkage_sealed, revision, created_at) VALUES (?, ?, ?, ?, ?)`;
    db.prepare(insert).run(studyId, 'pseudonymised', Buffer.from(`row ${row}`), row, at);
    rebuilt(db, [note(1), note(2)]);
    assert.deepEqual(studyOf(db).slice(0, 2), [expected, Math.max(row, 2)]);
  }
});

const withdrawal = ({ caseId, entryKey, signature, archives }: SealedNote, certificate?: string): WithdrawnNote => {
  const erased = archives.map(({ archiveId, sha256, bytes }) => ({ archiveId, sha256, bytes }));
  return {
    ...{ kind: 'withdrawn', caseId, entryKey, signature, at },
    order: JSON.stringify({ v: 1, order: 'withdraw', caseId, orderedAt: at, archives: erased }),
    ...(certificate === undefined ? {} : { certificate, certifiedAt: at }),
  };
};

test('REPAIR-07: what was withdrawn stays so: its export is known, and an order without certificate is sent again', (t) => {
  const db = emptyLedger(t);
  const [stillSealed, forgotten, certified] = [note(1), note(2), note(3)];
  rebuilt(db, [stillSealed], [withdrawal(stillSealed), withdrawal(forgotten), withdrawal(certified, 'jws')]);
  const cases = db.prepare('SELECT case_id, entry_key, stage FROM cases ORDER BY entry_key').raw().all();
  assert.deepEqual(
    cases,
    [stillSealed, forgotten, certified].map(({ caseId, entryKey }) => [caseId, entryKey, 'withdrawn']),
  );
  const states = db.prepare('SELECT state, certificate FROM withdrawals JOIN cases USING (case_id) ORDER BY entry_key');
  assert.deepEqual(states.raw().all(), [
    ['ordered', null],
    ['ordered', null],
    ['certified', 'jws'],
  ]);
  const kept = db.prepare('SELECT kept, release_why FROM archives').raw().all();
  assert.deepEqual(kept, [['releasing', 'withdrawn']]);
  const orders = db.prepare("SELECT count(*) FROM outbox_items WHERE kind = 'withdrawal'").pluck().get();
  assert.equal(orders, 2);
});

test('REPAIR-07: findings of what was withdrawn are not sent again, not even those that had been announced', (t) => {
  const db = emptyLedger(t);
  const sql = statementsOf(db);
  const [gone, stays] = [note(1), note(2)];
  rebuilt(db, [gone, stays]);
  for (const { caseId } of [gone, stays]) {
    const bodies = Buffer.from(JSON.stringify({ v: 1, caseId, absent: 'X1' }));
    outboxCommands.enqueueFindings(sql, {
      ...{ caseId, mark: 'a'.repeat(10), at, bodies },
      items: [{ kind: 'findings', bytes: bodies.length }],
    });
  }
  const items = [1, 2].map((segment) => ({ segment, n: 0 }));
  const batchId = newId('bat');
  outboxCommands.batchItems(sql, { batchId, urgency: 'findings', at, items });
  outboxCommands.completeItems(sql, { batchId, manifest: '{}', itemsSha256: 'a'.repeat(64) });
  withdrawCommands.withdraw(sql, { caseId: gone.caseId, at, mark: 'b'.repeat(10) });
  const queued = () =>
    db
      .prepare("SELECT segment, batch FROM outbox_items WHERE kind = 'findings' ORDER BY segment")
      .raw()
      .all() as unknown[][];
  assert.equal(queued().length, 2, 'the receipt is awaited');
  rebuilt(db, [gone, stays], [withdrawal(gone)]);
  assert.deepEqual(queued(), [[2, null]]);
});
