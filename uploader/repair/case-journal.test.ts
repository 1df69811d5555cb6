import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { appendFileSync, readFileSync, statSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { newId } from '../../protocol/ids.ts';
import { someArchive, someCounts } from '../testing/ledger.ts';
import { CaseJournal, type SealedNote, type WithdrawnNote } from './case-journal.ts';

function newJournal(t: TestContext, key: Uint8Array = randomBytes(32)) {
  const path = join(temporaryFolder(t), 'cases.journal');
  return { path, journal: new CaseJournal(path, key), key };
}

function someNote(): SealedNote {
  const { recipients: _, ...archive } = someArchive();
  return {
    kind: 'sealed',
    ...{ caseId: newId('case'), entryKey: 'entry', signature: 'signature', source: 'AAAA', files: 3, sourceBytes: 9 },
    ...{ detectedAt: '2030-01-01T00:00:00.000Z', counts: someCounts, archives: [archive] },
  };
}

test('gives back what was appended, the last word on each case, and when it was delivered', (t) => {
  const { path, journal, key } = newJournal(t);
  assert.deepEqual(journal.read(), { cases: new Map(), withdrawn: new Map(), unreadable: 0 });
  const [first, second] = [someNote(), someNote()];
  journal.append(first);
  journal.append(second);
  journal.append({ ...first, files: 4 });
  journal.append({ kind: 'delivered', caseId: second.caseId, at: '2030-01-02T00:00:00.000Z' });
  const { cases, unreadable } = new CaseJournal(path, key).read();
  assert.deepEqual(
    [...cases.values()],
    [{ note: { ...first, files: 4 } }, { note: second, deliveredAt: '2030-01-02T00:00:00.000Z' }],
  );
  assert.equal(unreadable, 0);
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('shows nothing without the key, and passes over lines that are cut or damaged', (t) => {
  const { path, journal } = newJournal(t);
  const notes = [someNote(), someNote(), someNote()];
  for (const note of notes) journal.append(note);
  const text = readFileSync(path, 'latin1');
  assert.equal(text.includes(notes[0]?.caseId.slice(5) ?? ''), false);
  assert.equal(new CaseJournal(path, randomBytes(32)).read().unreadable, 3);
  const lines = text.split('\n').filter((line) => line !== '');
  writeFileSync(path, [lines[0], lines[1]?.replace(/./, (one) => (one === 'A' ? 'B' : 'A')), lines[2], ''].join('\n'));
  appendFileSync(path, lines[0]?.slice(0, 50) ?? '');
  // What is appended after a line that was cut is not cut with it.
  journal.append(someNote());
  const { cases, unreadable } = journal.read();
  assert.equal(cases.size, 3);
  assert.equal(unreadable, 2);
});

const withdrawn = ({ caseId, entryKey, signature }: SealedNote, more: Partial<WithdrawnNote> = {}): WithdrawnNote => ({
  ...{ kind: 'withdrawn', caseId, entryKey, signature, at: '2030-01-03T00:00:00.000Z', ...more },
});

test('forgets a withdrawn case for good, but for that it was withdrawn', (t) => {
  const { path, journal } = newJournal(t);
  const [gone, kept, certified] = [someNote(), someNote(), someNote()];
  for (const note of [gone, kept, certified]) journal.append(note);
  journal.append({ kind: 'delivered', caseId: gone.caseId, at: '2030-01-02T00:00:00.000Z' });
  journal.append(withdrawn(certified));
  journal.append(withdrawn(certified, { certificate: 'jws', certifiedAt: '2030-01-04T00:00:00.000Z' }));
  journal.forget(withdrawn(gone));
  journal.forget(withdrawn(certified));
  const { cases, withdrawn: left, unreadable } = journal.read();
  assert.deepEqual([...cases.keys()], [kept.caseId]);
  assert.deepEqual(
    [...left.values()].map(({ caseId, certificate }) => [caseId, certificate]),
    [
      [gone.caseId, undefined],
      [certified.caseId, 'jws'],
    ],
  );
  assert.equal(unreadable, 0);
  const before = readFileSync(path);
  journal.forget(withdrawn(gone));
  assert.deepEqual(readFileSync(path), before, 'nothing is written for what is forgotten');
});

test('what a study had given out by its last case is kept when that case is forgotten', (t) => {
  const { journal } = newJournal(t);
  const study = (revision: number) => ({
    ...{ studyId: 'stu-1', profile: 'pseudonymised' as const, linkage: 'AAA'.concat(String(revision)), revision },
    marks: [`map:${revision}`],
  });
  const [first, second, other] = [{ ...someNote(), study: study(1) }, { ...someNote(), study: study(2) }, someNote()];
  for (const note of [first, second, other]) journal.append(note);
  journal.forget(withdrawn(second));
  const { cases } = journal.read();
  assert.deepEqual(cases.get(first.caseId)?.note, { ...first, study: study(2) });
  assert.deepEqual(cases.get(other.caseId)?.note, other);
  journal.forget(withdrawn(first));
  assert.deepEqual([...journal.read().cases.keys()], [other.caseId], 'with its last case it is forgotten too');
});
