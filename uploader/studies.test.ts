import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { join } from 'node:path';
import { test } from 'node:test';
import { openReader, openStore, readPragma } from '../core/database.ts';
import { silentLog } from '../core/log.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import type { StudyMark } from '../protocol/study-marks.ts';
import type { SealedArchiveRow } from './case-commands.ts';
import { Ledger } from './ledger.ts';
import { ledgerMigrations } from './ledger-schema.ts';
import type { VerifiedReceipt } from './receipt-commands.ts';
import type { StudyClaim } from './study-commands.ts';
import { openTestLedger, someArchive, someCounts, someEntry, uploadedBatch } from './testing/ledger.ts';

const claimOf = (points: number, from = 0): StudyClaim => ({
  profile: 'pseudonymised',
  marks: ['map:1', ...Array.from({ length: points }, (_, n): StudyMark => `point:${from + n}`)],
});

async function settled(ledger: Ledger, claim: StudyClaim): Promise<string> {
  const { caseId } = await ledger.detect(someEntry());
  await ledger.settle(caseId, 'fingerprint', someCounts, claim);
  return caseId;
}

/** The receiver's word that it has an archive. */
function receiptFor(batch: string, { archiveId, sha256, bytes }: SealedArchiveRow): VerifiedReceipt {
  const archives = [{ archiveId, sha256, bytes }];
  const storedAt = '2026-01-01T00:00:00Z';
  const receipt = {
    v: 1,
    batch,
    device: 'device',
    archives,
    bytes,
    previous: null,
    storedAt,
    durability: 'fsync',
  } as const;
  return { receipt, jws: 'jws', sha256: 'digest' };
}

const linkage = () => randomBytes(20);

test('exports of one study are cases of one study, others are not', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [first, grown, other, safe] = [
    await settled(ledger, claimOf(4)),
    await settled(ledger, claimOf(9)),
    await settled(ledger, claimOf(4, 100)),
    await settled(ledger, { ...claimOf(4), profile: 'safe-harbor' }),
  ];
  const studies = [first, grown, other, safe].map((caseId) => ledger.read.studyOf(caseId)?.studyId);
  assert.equal(studies[0], studies[1]);
  assert.equal(new Set(studies).size, 3);
  assert.equal(ledger.read.caseById(first)?.studyId, studies[0]);
  // What the second export had more is known from then on.
  assert.equal(ledger.read.studyOf(await settled(ledger, claimOf(5, 4)))?.studyId, studies[0]);
});

test('an entry that turns out to be another study leaves nothing of the one it seemed to be', async (t) => {
  const { ledger } = await openTestLedger(t);
  const entry = someEntry();
  const { caseId } = await ledger.detect(entry);
  await ledger.settle(caseId, 'fingerprint', someCounts, claimOf(4));
  const before = ledger.read.studyOf(caseId)?.studyId;
  await ledger.settle(caseId, 'fingerprint', someCounts, claimOf(6));
  assert.equal(ledger.read.studyOf(caseId)?.studyId, before, 'the same study, further on');
  await ledger.observe(caseId, { ...entry, signature: 'other' });
  await ledger.settle(caseId, 'fingerprint', someCounts, claimOf(4, 100));
  assert.deepEqual(
    ledger.read.studies().map(({ studyId }) => studyId),
    [ledger.read.studyOf(caseId)?.studyId],
  );
});

test('linkage, base and archives are stored with the seal or not at all', async (t) => {
  const { ledger } = await openTestLedger(t);
  const caseId = await settled(ledger, claimOf(4));
  assert.equal(ledger.read.studyOf(caseId)?.linkageSealed, undefined);
  const archive = someArchive('study');
  const base = { archiveId: archive.archiveId, files: [['name', 'content']] as const };
  const sealed = linkage();
  const twice = [archive, archive];
  await assert.rejects(ledger.seal(caseId, someCounts, twice, { linkageSealed: sealed, revision: 0, base }));
  assert.equal(ledger.read.studyOf(caseId)?.linkageSealed, undefined);
  await ledger.seal(caseId, someCounts, [archive], { linkageSealed: sealed, revision: 0, base });
  const study = ledger.read.studyOf(caseId);
  assert.deepEqual(study?.linkageSealed, sealed);
  assert.equal(study?.revision, 1);
  assert.deepEqual(ledger.read.studyFiles(study.studyId), [['name', 'content']]);
});

test('of two cases that read the same linkage the second is refused, so that it takes up what the first left', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [one, two] = [await settled(ledger, claimOf(4)), await settled(ledger, claimOf(4))];
  const outcome = { linkageSealed: linkage(), revision: 0 };
  await ledger.seal(one, someCounts, [someArchive()], outcome);
  await assert.rejects(ledger.seal(two, someCounts, [someArchive()], outcome), { code: 'ILLEGAL_MOVE' });
  assert.deepEqual(ledger.read.archivesOf(two), []);
  await ledger.seal(two, someCounts, [someArchive()], { ...outcome, revision: 1 });
});

test('a whole archive is a base from its receipt on, a later one replaces it, and a lost one is forgotten', async (t) => {
  const { ledger } = await openTestLedger(t);
  const recipients = ['hospital', 'storage'];
  const seal = async (revision: number, base?: string) => {
    const archive = { ...someArchive('study'), recipients, ...(base ? { base } : {}) };
    const caseId = await settled(ledger, claimOf(4));
    const files = [[`name-${revision}`, 'content']] as const;
    const whole = base ? undefined : { archiveId: archive.archiveId, files };
    await ledger.seal(caseId, someCounts, [archive], { linkageSealed: linkage(), revision, base: whole });
    return { archive, caseId };
  };
  const first = await seal(0);
  const baseNow = () => ledger.read.studyOf(first.caseId)?.base;
  assert.equal(baseNow(), undefined);
  await ledger.acceptReceipt('device', receiptFor(await uploadedBatch(ledger, [first.archive]), first.archive));
  assert.deepEqual(baseNow(), { archiveId: first.archive.archiveId, recipients });

  const delta = await seal(1, first.archive.archiveId);
  assert.equal(ledger.read.archivesOf(delta.caseId)[0]?.base, first.archive.archiveId);
  assert.equal(ledger.read.caseById(delta.caseId)?.archives[0]?.base, first.archive.archiveId);
  assert.deepEqual(baseNow(), { archiveId: first.archive.archiveId, recipients });
  const batchId = await uploadedBatch(ledger, [delta.archive]);
  await ledger.refuseBatch({ batchId, code: 'BASE_MISSING', hint: 'x' });
  assert.equal(ledger.read.caseById(delta.caseId)?.reason, 'refused-by-receiver');
  assert.equal(baseNow(), undefined);

  const again = await seal(2);
  assert.equal(baseNow(), undefined);
  assert.deepEqual(ledger.read.studyFiles(ledger.read.studyOf(again.caseId)?.studyId ?? ''), [['name-2', 'content']]);
});

test('a ledger of the release before is taken over with its cases; what that release does still works', async (t) => {
  const path = join(temporaryFolder(t), 'ledger.db');
  const old = openStore(path, ledgerMigrations.slice(0, 1));
  old.exec(`INSERT INTO cases (case_id, entry_key, signature, source_sealed, files, source_bytes, stage, detected_at)
    VALUES ('case-aaaaaaaaaaaaaaaaaaaa', 'e', 's', x'00', 1, 1, 'settled', '2026-01-01T00:00:00Z')`);
  old.close();
  const ledger = await Ledger.open({ path, log: silentLog });
  const caseId = 'case-aaaaaaaaaaaaaaaaaaaa';
  assert.equal(ledger.read.studyOf(caseId), undefined);
  await ledger.settle(caseId, 'fingerprint', someCounts, claimOf(4));
  assert.equal(ledger.read.studyOf(caseId)?.revision, 0);
  await ledger.close();

  const back = openStore(path, ledgerMigrations.slice(0, 1));
  assert.equal(readPragma(back, 'user_version'), ledgerMigrations.at(-1)?.version);
  back.exec(`
    INSERT INTO archives (archive_id, case_id, tier, file, keys_file, sha256, bytes, files)
      VALUES ('arc-old', '${caseId}', 'study', 'f', 'k', 's', 1, 1);
    UPDATE cases SET stage = 'sealed' WHERE case_id = '${caseId}';`);
  back.close();
  const read = openReader(path);
  assert.equal(read.prepare('SELECT count(*) FROM archives WHERE recipients IS NULL').pluck().get(), 1);
  read.close();
});
