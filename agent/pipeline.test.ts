import assert from 'node:assert/strict';
import { appendFileSync, existsSync, mkdirSync, readdirSync, renameSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { tinyExport, tinyNames } from '../carto/testing/tiny-export.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { SealError, type Sealer } from './seal/index.ts';
import { zipOf } from './testing/containers.ts';
import { sharedWorkplaces } from './testing/shared-workplaces.ts';
import { until } from './testing/until.ts';
import { writeFiles } from './testing/workplace.ts';

const open = sharedWorkplaces();

const withoutStudy = () => {
  const { [`${tinyNames.study}.xml`]: _study, ...rest } = tinyExport();
  return rest;
};

test('takes an export from the inbox to two sealed archives, and says each step once', async (t) => {
  const place = await open(t);
  place.drop('Mrs Miller 1950');
  await place.reached('sealed');
  const [{ caseId, archives, files }] = place.cases as [(typeof place.cases)[0]];
  assert.equal(files, Object.keys(tinyExport()).length);
  assert.deepEqual(archives.map(({ tier }) => tier).toSorted(), ['review', 'study']);
  assert.equal(readdirSync(place.casesFolder).filter((name) => name.startsWith(caseId)).length, 4);
  assert.deepEqual(
    place.milestones.map(({ event }) => event),
    ['case-detected', 'case-settled', 'case-sealed'],
  );
  assert.doesNotMatch(JSON.stringify(place.milestones), /Miller/);
});

test('an entry that still grows waits; when it is whole it is taken once', async (t) => {
  const place = await open(t, { quietMs: 150 });
  const folder = place.drop('growing', withoutStudy());
  for (let n = 0; n < 8; n++) {
    await new Promise((resolve) => setTimeout(resolve, 60));
    writeFileSync(join(folder, `more ${n}.txt`), 'x');
    assert.ok(
      place.stages.every((stage) => stage === 'detected'),
      place.stages.join(),
    );
  }
  writeFiles(folder, tinyExport());
  await place.reached('sealed');
});

test('what cannot be taken is held with its reason, and the others go on', async (t) => {
  const place = await open(t, { maxBytes: 500_000 });
  place.drop('1 empty', {});
  place.drop('2 no study', { 'notes.txt': 'x' });
  place.drop('3 cut', { ...tinyExport(), [`${tinyNames.study}.xml`]: '<Study name="a"><Maps Count="2">' });
  place.drop('4 too large', { big: Buffer.alloc(500_001) });
  writeFileSync(join(place.inbox, '5 packed.zip'), '');
  place.drop('6 whole');
  const held = ['empty', 'no-study', 'unreadable', 'too-large', 'unsupported'].map((reason) => `held: ${reason}`);
  await place.reached(...held, 'sealed');
  for (const { stage, hint } of place.cases) assert.equal(stage === 'held', hint !== undefined);
});

test('a held case is taken when its entry has changed, and stays held when it has not', async (t) => {
  const place = await open(t, { rescanMs: 300 });
  const folder = place.drop('case', withoutStudy());
  await place.reached('held: no-study');
  await new Promise((resolve) => setTimeout(resolve, 700));
  assert.deepEqual(place.stages, ['held: no-study']);
  writeFileSync(join(folder, `${tinyNames.study}.xml`), tinyExport()[`${tinyNames.study}.xml`] ?? '');
  await place.reached('sealed');
});

test('a full disk holds, and lets go by itself when there is room', async (t) => {
  const place = await open(t, { rescanMs: 300, reserveBytes: 2 ** 60 });
  place.drop('case');
  await place.reached('held: disk-full');
  place.settings.reserveBytes = 0;
  await place.reached('sealed');
});

test('an entry that leaves before it is sealed is held, and taken when it is back', async (t) => {
  const place = await open(t, { quietMs: 400, rescanMs: 300 });
  const folder = place.drop('case');
  await place.reached('detected');
  const away = join(place.casesFolder, 'away');
  renameSync(folder, away);
  await place.reached('held: source-gone');
  renameSync(away, folder);
  await place.reached('sealed');
});

/** A sealer after whose first seal something happens to the source. */
function meddling(meddle: (source: string) => void) {
  let done = false;
  return (sealer: Sealer): Pick<Sealer, 'identify' | 'seal'> => ({
    identify: (...order) => sealer.identify(...order),
    seal: async (...order) => {
      const sealed = await sealer.seal(...order);
      if (!done) meddle(order[0].source);
      done = true;
      return sealed;
    },
  });
}

test('an entry that changes while it is sealed is not called sealed: what was built is erased, and it is read again', async (t) => {
  const place = await open(t, {
    around: meddling((source) => appendFileSync(join(source, 'late.txt'), 'x')),
    quietMs: 200,
  });
  place.drop('case');
  await until(() => existsSync(join(place.inbox, 'case', 'late.txt')), 'the meddling');
  await until(() => readdirSync(place.casesFolder).length === 0, 'the erasing');
  assert.notDeepEqual(place.stages, ['sealed']);
  await place.reached('sealed');
  assert.equal(place.cases[0]?.files, Object.keys(tinyExport()).length + 1);
  assert.equal(readdirSync(place.casesFolder).length, 4);
});

test('an entry that vanishes while it is sealed leaves no archive behind', async (t) => {
  const place = await open(t, { around: meddling((source) => rmSync(source, { recursive: true })) });
  place.drop('case');
  await place.reached('held: source-gone');
  assert.deepEqual(readdirSync(place.casesFolder), []);
});

test('what fails in passing is tried again, later each time', async (t) => {
  let failures = 0;
  const place = await open(t, {
    around: (sealer) => ({
      seal: (...order) => sealer.seal(...order),
      identify: (...order) => {
        if (failures++ === 0) throw new SealError('EBUSY', 'busy');
        return sealer.identify(...order);
      },
    }),
  });
  place.drop('case');
  await until(() => failures === 1, 'the failure');
  assert.deepEqual(place.stages, ['detected']);
  await place.reached('sealed');
  assert.equal(failures, 2);
});

test('a changed entry of a sealed case is a case of its own', async (t) => {
  const place = await open(t, { rescanMs: 300 });
  const folder = place.drop('case');
  await place.reached('sealed');
  mkdirSync(join(folder, 'more'));
  await place.reached('sealed', 'sealed');
  assert.equal(new Set(place.cases.map(({ caseId }) => caseId)).size, 2);
});

test('where the site asks, a case waits with its counts until a person lets it go on; nothing is sealed before', async (t) => {
  const place = await open(t, { mode: 'ask', rescanMs: 300 });
  const folder = place.drop('case');
  await place.reached('held: needs-approval');
  const [{ caseId, hint, counts }] = place.cases as [(typeof place.cases)[0]];
  assert.ok(hint?.endsWith(`vestibule cases release ${caseId}`));
  assert.equal(counts?.maps, 2);
  assert.deepEqual(readdirSync(place.casesFolder), []);
  appendFileSync(join(folder, 'late.txt'), 'x');
  await until(() => place.milestones.filter(({ event }) => event === 'case-held').length === 2, 'another question');
  await place.ledger.release(caseId);
  place.intake.wake();
  await place.reached('sealed');
});

test('what was approved and then changed is asked about again', async (t) => {
  const place = await open(t, { mode: 'ask' });
  const folder = place.drop('case');
  await place.reached('held: needs-approval');
  // Changed first, so that the intake never sees the approved state.
  appendFileSync(join(folder, 'late.txt'), 'x');
  await place.ledger.release(place.cases[0]?.caseId ?? '');
  place.intake.wake();
  await until(() => place.milestones.filter(({ event }) => event === 'case-held').length === 2, 'another question');
  assert.deepEqual(place.stages, ['held: needs-approval']);
  assert.deepEqual(readdirSync(place.casesFolder), []);
});

test('a locked container is held, and taken with the password that is typed for it; a wrong one holds it again', async (t) => {
  const place = await open(t, { rescanMs: 300 });
  const folder = temporaryFolder(t);
  writeFiles(folder, tinyExport());
  zipOf(folder, join(place.inbox, 'case.zip'), { password: 'secret', cipher: 'AES256' });
  await place.reached('held: password-needed');
  const [{ caseId, hint }] = place.cases as [(typeof place.cases)[0]];
  assert.ok(hint?.endsWith(`vestibule cases unlock ${caseId}`));
  const type = async (password: string) => {
    place.passwords.offer(caseId, password);
    await place.ledger.release(caseId);
    place.intake.wake();
  };
  await type('guess');
  await until(() => place.passwords.attempt(caseId) === 'wrong', 'the verdict');
  await place.reached('held: password-needed');
  await type('secret');
  await place.reached('sealed');
  assert.equal(place.passwords.attempt(caseId), 'opened');
  assert.doesNotMatch(JSON.stringify([place.milestones, place.cases]), /secret|guess/);
});

test('a locked container is opened by the password file of the site, and nobody is asked', async (t) => {
  const folder = temporaryFolder(t);
  writeFiles(folder, tinyExport());
  const file = join(folder, 'passwords');
  writeFileSync(file, 'one\nsecret\n', { mode: 0o600 });
  const place = await open(t, { passwords: [{ file }] });
  zipOf(folder, join(place.inbox, 'no name at all'), { password: 'secret', cipher: 'ZipCrypto' });
  await place.reached('sealed');
  assert.equal(place.milestones.filter(({ event }) => event === 'case-held').length, 0);
});
