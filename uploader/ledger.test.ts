import assert from 'node:assert/strict';
import { existsSync } from 'node:fs';
import { test } from 'node:test';
import { openReader, openStore, readPragma } from '../core/database.ts';
import { silentLog } from '../core/log.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { applianceCaseSchema } from '../protocol/documents.ts';
import { Ledger } from './ledger.ts';
import { openLedgerReader } from './ledger-reader.ts';
import { ledgerMigrations } from './ledger-schema.ts';
import { openTestLedger, sealedCase, someArchive, someCounts, someEntry } from './testing/ledger.ts';

test('lesson 3: an answer comes after its commit: another connection sees it at once', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const other = openLedgerReader(path);
  t.after(() => other.close());
  for (let n = 0; n < 50; n++) {
    const { caseId } = await ledger.detect(someEntry());
    assert.equal(other.caseById(caseId)?.stage, 'detected');
  }
});

test('512 commands in flight share a few transactions', async (t) => {
  const { ledger } = await openTestLedger(t);
  await ledger.detect(someEntry());
  const before = ledger.commits;
  const answers = await Promise.all(Array.from({ length: 512 }, () => ledger.detect(someEntry())));
  assert.equal(new Set(answers.map(({ caseId }) => caseId)).size, 512);
  assert.ok(ledger.commits - before <= 64, `took ${ledger.commits - before} transactions`);
  assert.equal(ledger.read.stageCounts().detected, 513);
});

test('a command that is refused does not take the others of its group along', async (t) => {
  const { ledger } = await openTestLedger(t);
  const good = () => ledger.detect(someEntry());
  const bad = () => ledger.settle('case-unknown', 'fingerprint', someCounts);
  const results = await Promise.allSettled([good(), bad(), good(), bad(), good()]);
  assert.deepEqual(
    results.map(({ status }) => status),
    ['fulfilled', 'rejected', 'fulfilled', 'rejected', 'fulfilled'],
  );
  assert.equal((results[1] as PromiseRejectedResult).reason.code, 'NO_SUCH_ROW');
  assert.equal(ledger.read.stageCounts().detected, 3);
});

test('a refused command leaves nothing of itself behind', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId } = await ledger.detect(someEntry());
  await assert.rejects(ledger.seal(caseId, someCounts, [someArchive()]), { code: 'ILLEGAL_MOVE' });
  assert.deepEqual(ledger.read.archivesOf(caseId), []);
  assert.equal(ledger.read.caseByEntry(ledger.read.casesAt(['detected'])[0]?.entryKey ?? '')?.counts, undefined);
});

test('one entry is one case until what was sealed has changed', async (t) => {
  const { ledger } = await openTestLedger(t);
  const entry = someEntry();
  const first = await ledger.detect(entry);
  assert.ok(first.isNew);
  assert.deepEqual(await ledger.detect({ ...entry, signature: 'grown' }), { caseId: first.caseId, isNew: false });
  await ledger.settle(first.caseId, 'fingerprint', someCounts);
  await ledger.seal(first.caseId, someCounts, [someArchive()]);
  assert.deepEqual(await ledger.detect(entry), { caseId: first.caseId, isNew: false });
  const second = await ledger.detect({ ...entry, signature: 'exported again' });
  assert.ok(second.isNew && second.caseId !== first.caseId);
  assert.equal(ledger.read.caseByEntry(entry.entryKey)?.caseId, second.caseId);
});

test('a settled entry that changed is detected again; an unchanged one stays settled', async (t) => {
  const { ledger } = await openTestLedger(t);
  const entry = someEntry();
  const { caseId } = await ledger.detect(entry);
  const look = { signature: 'second look', files: 9, sourceBytes: 2000 };
  assert.equal(await ledger.observe(caseId, look), 'detected');
  await ledger.settle(caseId, 'fingerprint', someCounts);
  assert.equal(await ledger.observe(caseId, look), 'settled');
  assert.equal(await ledger.observe(caseId, { ...look, signature: 'third look' }), 'detected');
  const record = ledger.read.caseByEntry(entry.entryKey);
  assert.deepEqual([record?.signature, record?.files, record?.sourceBytes], ['third look', 9, 2000]);
  assert.deepEqual(Buffer.from(record?.sourceSealed ?? []), entry.sourceSealed);
});

test('a held case waits with reason and hint, and is looked at again only when its entry changed', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId } = await ledger.detect(someEntry());
  await ledger.hold(caseId, 'empty', 'Copy it again.');
  assert.deepEqual(ledger.read.caseById(caseId)?.reason, 'empty');
  const look = { signature: 'changed', files: 1, sourceBytes: 1 };
  await assert.rejects(ledger.observe(caseId, look), { code: 'ILLEGAL_MOVE' });
  assert.equal(await ledger.rearm(caseId, look), 'detected');
  const shown = ledger.read.caseById(caseId);
  assert.equal(shown?.reason, undefined);
  assert.equal(shown?.hint, undefined);
  await assert.rejects(ledger.rearm(caseId, look), { code: 'ILLEGAL_MOVE' });
});

test('a held case that has archives is not read again', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId } = await sealedCase(ledger);
  await ledger.hold(caseId, 'unreadable', 'hint');
  const look = { signature: 'changed', files: 1, sourceBytes: 1 };
  await assert.rejects(ledger.rearm(caseId, look), { code: 'ALREADY_SEALED' });
  assert.equal(ledger.read.caseById(caseId)?.stage, 'held');
  assert.equal(ledger.read.casesAt(['held'])[0]?.isSealed, true);
});

test('a case that needs approval is settled once approved, for as long as its entry stays as it was seen', async (t) => {
  const { ledger } = await openTestLedger(t);
  const entry = someEntry();
  const { caseId } = await ledger.detect(entry);
  const record = () => ledger.read.caseRecord(caseId);
  await ledger.settle(caseId, 'fingerprint', someCounts);
  assert.equal(record()?.isApproved, false);
  await ledger.hold(caseId, 'needs-approval', 'Look, then release it.');
  assert.deepEqual(ledger.read.caseById(caseId)?.counts, someCounts);
  assert.equal(await ledger.release(caseId), 'settled');
  assert.deepEqual([record()?.isApproved, record()?.reason, record()?.counts], [true, undefined, someCounts]);
  await ledger.hold(caseId, 'disk-full', 'hint');
  assert.equal(await ledger.rearm(caseId, entry), 'detected');
  assert.equal(record()?.isApproved, true, 'what it was held for since has nothing to do with that');
  assert.equal(await ledger.observe(caseId, { ...entry, signature: 'changed' }), 'detected');
  assert.deepEqual([record()?.isApproved, record()?.counts], [false, undefined]);
  assert.equal(await ledger.observe(caseId, entry), 'detected');
  assert.equal(record()?.isApproved, false, 'not even when it looks again as it did');
});

test('any other held case is looked at anew once released; one that has archives, or is not held, is not', async (t) => {
  const { ledger } = await openTestLedger(t);
  const { caseId } = await ledger.detect(someEntry());
  await assert.rejects(ledger.release(caseId), { code: 'ILLEGAL_MOVE' });
  await ledger.hold(caseId, 'unreadable', 'hint');
  assert.equal(await ledger.release(caseId), 'detected');
  assert.equal(ledger.read.caseById(caseId)?.hint, undefined);
  const sealed = await sealedCase(ledger);
  await ledger.hold(sealed.caseId, 'refused-by-receiver', 'hint');
  await assert.rejects(ledger.release(sealed.caseId), { code: 'ALREADY_SEALED' });
});

test('cases are printed as the documented document', async (t) => {
  const { ledger } = await openTestLedger(t);
  await sealedCase(ledger, [someArchive('review'), someArchive('study')]);
  const { caseId } = await ledger.detect(someEntry());
  await ledger.hold(caseId, 'no-study', 'hint');
  const cases = ledger.read.cases();
  assert.deepEqual(applianceCaseSchema.array().parse(cases), cases);
  assert.deepEqual(
    cases.map(({ stage, archives }) => [stage, archives.length]),
    [
      ['sealed', 2],
      ['held', 0],
    ],
  );
  assert.deepEqual(ledger.read.stageCounts(), { held: 1, sealed: 1 });
});

test('a reader is not disturbed by writing, nor the writer by a reader that stays on an old moment', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const other = openReader(path);
  t.after(() => other.close());
  other.exec('BEGIN');
  const count = () => (other.prepare('SELECT count(*) AS n FROM cases').get() as { n: number }).n;
  assert.equal(count(), 0);
  const writing = Promise.all(Array.from({ length: 200 }, () => ledger.detect(someEntry())));
  for (let n = 0; n < 100; n++) {
    assert.equal(count(), 0);
    ledger.read.cases();
  }
  await writing;
  assert.equal(count(), 0);
  other.exec('COMMIT');
  assert.equal(count(), 200);
});

test('the ledger reads back FULL, on both of its connections', async (t) => {
  const { path } = await openTestLedger(t);
  for (const db of [openStore(path, ledgerMigrations), openReader(path)]) {
    assert.equal(readPragma(db, 'synchronous'), 2);
    assert.equal(readPragma(db, 'journal_mode'), 'wal');
    db.close();
  }
});

test('the command line reads it after a clean close, with no write-ahead log left', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const { caseId } = await sealedCase(ledger);
  await ledger.close();
  assert.equal(existsSync(`${path}-wal`), false);
  const reader = openLedgerReader(path);
  assert.equal(reader.caseById(caseId)?.stage, 'sealed');
  assert.equal(reader.caseById('case-unknown'), undefined);
  reader.close();
  await assert.rejects(ledger.detect(someEntry()), { code: 'LEDGER_CLOSED' });
});

test('commands that were given before close are committed by it', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const detected = Array.from({ length: 100 }, () => ledger.detect(someEntry()));
  const closed = ledger.close();
  await Promise.all(detected);
  await closed;
  const reader = openLedgerReader(path);
  assert.equal(reader.stageCounts().detected, 100);
  reader.close();
});

test('a second start goes on where the first one ended', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const { caseId } = await sealedCase(ledger);
  await ledger.close();
  const again = await Ledger.open({ path, log: silentLog });
  t.after(() => again.close());
  assert.equal(again.read.caseById(caseId)?.stage, 'sealed');
  assert.equal(await again.batch('review', [again.read.archivesOf(caseId)[0]?.archiveId ?? '']).then(() => 'ok'), 'ok');
});

test('a ledger of a newer major release is refused and left as it is', async (t) => {
  const folder = temporaryFolder(t);
  const path = `${folder}/ledger.db`;
  openStore(path, [...ledgerMigrations, { version: 2000, sql: 'CREATE TABLE newer (x)' }]).close();
  await assert.rejects(Ledger.open({ path, log: silentLog }), { code: 'SCHEMA_TOO_NEW' });
});

test('a path where there can be no ledger is a clear failure', async (t) => {
  const folder = temporaryFolder(t);
  await assert.rejects(Ledger.open({ path: `${folder}/missing/ledger.db`, log: silentLog }), { code: 'LEDGER_FAILED' });
});

test('archives join batches in the order they were sealed, held cases not at all', async (t) => {
  const { ledger } = await openTestLedger(t);
  const first = await sealedCase(ledger, [someArchive('review'), someArchive('study')]);
  const second = await sealedCase(ledger);
  const third = await sealedCase(ledger);
  await ledger.hold(second.caseId, 'unreadable', 'hint');
  const pending = ledger.read.nextArchivesToBatch();
  assert.deepEqual(
    pending.map(({ archiveId }) => archiveId),
    [...first.archives, ...third.archives].map(({ archiveId }) => archiveId),
  );
  assert.deepEqual(pending[0]?.counts, someCounts);
  const review = first.archives[0]?.archiveId ?? '';
  await ledger.batch('review', [review]);
  assert.equal(ledger.read.caseById(first.caseId)?.stage, 'batched');
  await assert.rejects(ledger.batch('review', [review]), { code: 'ILLEGAL_MOVE' });
  assert.equal(ledger.read.openBatches().length, 1, 'the refused batch left nothing');
  const study = first.archives[1]?.archiveId ?? '';
  await assert.rejects(ledger.batch('review', [study]), { code: 'ILLEGAL_MOVE' }, 'one tier per batch');
});
