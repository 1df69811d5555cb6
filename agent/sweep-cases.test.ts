import assert from 'node:assert/strict';
import { readdirSync, writeFileSync } from 'node:fs';
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
  for (const name of [
    `${lost}.review.case`,
    `${lost}.review.keys`,
    `${lost}.study.case.0a.partial`,
    `${lost}.study.keys`,
  ]) {
    writeFileSync(join(folder, name), 'x');
  }
  writeFileSync(join(folder, 'notes.txt'), 'x');
  await sweepCases({ folder, ledger: place.ledger, log: silentLog, checkpoint: passAlways });
  assert.deepEqual(readdirSync(folder).toSorted(), [...known, 'notes.txt'].toSorted());
});

test('waits at the gate between its steps', async (t) => {
  const place = await Workplace.open(t);
  writeFileSync(join(place.casesFolder, `${newId('case')}.review.case`), 'x');
  const refuse = async () => {
    throw new Error('stopping');
  };
  const { casesFolder: folder, ledger } = place;
  await assert.rejects(sweepCases({ folder, ledger, log: silentLog, checkpoint: refuse }), /stopping/);
  assert.equal(readdirSync(folder).length, 1);
});
