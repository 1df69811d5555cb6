import assert from 'node:assert/strict';
import { readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { passAlways } from '../core/gate-flag.ts';
import { silentLog } from '../core/log.ts';
import { newId } from '../protocol/ids.ts';
import { sweepCases } from './sweep-cases.ts';
import { Workplace } from './testing/workplace.ts';

test('removes what a killed seal left, and nothing that the ledger knows', async (t) => {
  const place = await Workplace.open(t);
  place.gate.open();
  place.drop('case');
  await place.reached('sealed');
  const folder = place.casesFolder;
  const known = readdirSync(folder).toSorted();
  const lost = newId('case');
  for (const name of [`${lost}.review.case`, `${lost}.study.case.0a.partial`, `${newId('case')}.study.keys`]) {
    writeFileSync(join(folder, name), 'x');
  }
  writeFileSync(join(folder, 'notes.txt'), 'x');
  await sweepCases({
    folder,
    quarantine: join(folder, 'quarantine'),
    ledger: place.ledger,
    log: silentLog,
    checkpoint: passAlways,
  });
  assert.deepEqual(readdirSync(folder).toSorted(), [...known, 'notes.txt'].toSorted());
});

test('waits at the gate between its steps', async (t) => {
  const place = await Workplace.open(t);
  writeFileSync(join(place.casesFolder, `${newId('case')}.review.case`), 'x');
  const refuse = async () => {
    throw new Error('stopping');
  };
  const { casesFolder: folder, ledger } = place;
  await assert.rejects(
    sweepCases({ folder, quarantine: join(folder, 'quarantine'), ledger, log: silentLog, checkpoint: refuse }),
    /stopping/,
  );
  assert.equal(readdirSync(folder).length, 1);
});

test('puts aside a whole archive of a case that the ledger does not know, and keeps one that is still to be sealed', async (t) => {
  const place = await Workplace.open(t);
  place.gate.open();
  place.drop('case', { 'a.txt': 'x' });
  await place.reached('held: no-study');
  const [waiting] = place.cases;
  const [unknown, folder] = [newId('case'), place.casesFolder];
  for (const caseId of [unknown, waiting?.caseId ?? '']) {
    for (const end of ['case', 'keys']) writeFileSync(join(folder, `${caseId}.review.${end}`), 'x');
  }
  const quarantine = join(folder, '..', 'quarantine');
  await sweepCases({ folder, quarantine, ledger: place.ledger, log: silentLog, checkpoint: passAlways });
  assert.deepEqual(readdirSync(folder).toSorted(), [
    `${waiting?.caseId}.review.case`,
    `${waiting?.caseId}.review.keys`,
  ]);
  const [aside = ''] = readdirSync(quarantine);
  const kept = readdirSync(join(quarantine, aside)).toSorted();
  assert.deepEqual(kept, [`${unknown}.review.case`, `${unknown}.review.keys`, 'note.json']);
  const note = JSON.parse(readFileSync(join(quarantine, aside, 'note.json'), 'utf8'));
  assert.equal(note.code, 'CASE_UNKNOWN');
  assert.equal(note.caseId, unknown);
});
