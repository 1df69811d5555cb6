import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openArchive, wholeOf } from '../archive/index.ts';
import { tinyExport, tinyNames } from '../carto/testing/tiny-export.ts';
import { uploadedBatch } from '../uploader/testing/ledger.ts';
import { sharedWorkplaces } from './testing/shared-workplaces.ts';
import type { Workplace } from './testing/workplace.ts';

const open = sharedWorkplaces();

/** Another name and stamp; the study is the same. */
const renamed = () => tinyExport({ ...tinyNames, study: 'Other 02_03_2020 11-12-13' });

const archivesOf = (place: Workplace, position: number) =>
  place.ledger.read.archivesOf(place.cases[position]?.caseId ?? '').toSorted((a, b) => (a.tier < b.tier ? -1 : 1));

/** Digests of an archive's files by name, of a delta together with its base. */
async function contents(place: Workplace, archive: { file: string; base?: string }): Promise<Map<string, string>> {
  const all = place.cases.flatMap(({ caseId }) => place.ledger.read.archivesOf(caseId));
  const base = all.find(({ archiveId }) => archiveId === archive.base);
  const pathOf = ({ file }: { file: string }) => join(place.casesFolder, file);
  using reader = await openArchive(pathOf(archive), place.storageKey);
  using baseReader = base && (await openArchive(pathOf(base), place.storageKey));
  return new Map(wholeOf(reader, baseReader).files.map(({ name, sha256 }) => [name, sha256]));
}

/** What a courier does, and a receiver answers. */
async function deliver(place: Workplace, position: number): Promise<void> {
  let before = place.ledger.read.lastReceipt()?.sha256 ?? null;
  for (const archive of archivesOf(place, position)) {
    const { archiveId, sha256, bytes } = archive;
    const batch = await uploadedBatch(place.ledger, [archive]);
    const storedAt = '2026-01-01T00:00:00Z';
    const receipt = { v: 1, batch, device: 'd', bytes, storedAt, durability: 'fsync' } as const;
    await place.ledger.acceptReceipt('d', {
      receipt: { ...receipt, archives: [{ archiveId, sha256, bytes }], previous: before },
      jws: 'jws',
      sha256: batch,
    });
    before = batch;
  }
}

test('a study that comes again under another name is known, and its study tier is a delta with what changed', async (t) => {
  const place = await open(t);
  place.drop('first');
  await place.reached('sealed');
  await deliver(place, 0);
  const files = renamed();
  const ecg = Object.keys(files).find((name) => name.includes('_ECG_Export')) ?? '';
  place.drop('second', { ...files, [ecg]: String(files[ecg]).replace(/\d(\s*)$/, '7$1') });
  await place.reached('delivered', 'sealed');

  assert.equal(place.cases[0]?.studyId, place.cases[1]?.studyId);
  const [review, study] = archivesOf(place, 1);
  assert.equal(review?.base, undefined);
  assert.equal(review?.files, archivesOf(place, 0)[0]?.files);
  assert.equal(study?.base, archivesOf(place, 0)[1]?.archiveId);
  assert.equal(study?.files, 1);
  const [before, now] = [await contents(place, archivesOf(place, 0)[1]!), await contents(place, study!)];
  assert.deepEqual(
    [...now.keys()],
    [...now.keys()].filter((name) => before.has(name)),
  );
  assert.equal(now.size, before.size);
  assert.equal([...now].filter(([name, sha256]) => before.get(name) !== sha256).length, 1);
  assert.match(place.milestones.filter(({ event }) => event === 'case-settled')[1]?.text ?? '', /exported before/);
});

test('an export in which nothing changed is a case of its own: its study tier is a delta without files', async (t) => {
  const place = await open(t);
  place.drop('first');
  await place.reached('sealed');
  await deliver(place, 0);
  place.drop('second');
  await place.reached('delivered', 'sealed');
  const [review, study] = archivesOf(place, 1);
  assert.equal(review?.files, archivesOf(place, 0)[0]?.files);
  assert.equal(study?.files, 0);
  assert.deepEqual(await contents(place, study!), await contents(place, archivesOf(place, 0)[1]!));
});

test('two exports of a study at once share their codes; without a receipt both are whole', async (t) => {
  const place = await open(t);
  place.drop('first');
  place.drop('second', renamed());
  await place.reached('sealed', 'sealed');
  assert.equal(place.cases[0]?.studyId, place.cases[1]?.studyId);
  const [one, other] = [archivesOf(place, 0)[1]!, archivesOf(place, 1)[1]!];
  assert.deepEqual([one.base, other.base], [undefined, undefined]);
  assert.deepEqual(await contents(place, one), await contents(place, other));
});

test('a seal that is not stored leaves no linkage; the study begins anew, and its own linkage stays', async (t) => {
  let failures = 0;
  const place = await open(t, {
    around: (real) => ({
      identify: (...job) => real.identify(...job),
      seal: async (...job) => {
        const sealed = await real.seal(...job);
        if (failures++ === 0) throw new Error('killed here');
        return sealed;
      },
    }),
  });
  place.drop('first');
  await place.reached('settled');
  assert.equal(place.ledger.read.studies()[0]?.linkageSealed, undefined);
  await place.reached('sealed');
  assert.equal(place.ledger.read.studies()[0]?.revision, 1);
  assert.ok(place.ledger.read.studies()[0]?.linkageSealed);
});
