import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { passAlways } from '../core/gate-flag.ts';
import { silentLog } from '../core/log.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { newId } from '../protocol/ids.ts';
import { sealedCase, someArchive } from '../uploader/testing/ledger.ts';
import { foldersOf } from './folders.ts';
import { recover } from './recover.ts';

async function recovered(test: TestContext) {
  const folders = foldersOf(temporaryFolder(test));
  mkdirSync(folders.folder, { recursive: true });
  const recovery = await recover({ folders, log: silentLog });
  test.after(() => recovery.ledger.close());
  return { folders, ...recovery };
}

test('opens a ledger and its folders where there is nothing, and removes nothing before it is told to', async (t) => {
  const { folders, ledger, tidy } = await recovered(t);
  assert.ok(existsSync(folders.cases) && existsSync(folders.spool));
  assert.deepEqual(ledger.read.stageCounts(), {});
  const left = [
    join(folders.cases, `${newId('case')}.review.case.0a.partial`),
    join(folders.cases, `${newId('case')}.study.case`),
    join(folders.spool, 'scratch'),
  ];
  for (const path of left) writeFileSync(path, 'x');
  await recover({ folders, log: silentLog }).then((again) => again.ledger.close());
  assert.ok(left.every((path) => existsSync(path)));
  await tidy(passAlways);
  assert.deepEqual([...readdirSync(folders.cases), ...readdirSync(folders.spool)], []);
});

test('holds a case whose archive or keys are gone while they are needed, and no other', async (t) => {
  const { folders, ledger, tidy } = await recovered(t);
  const archives = [1, 2, 3].map(() => someArchive());
  const cases = [];
  for (const archive of archives) cases.push(await sealedCase(ledger, [archive]));
  for (const { file, keysFile } of archives) {
    for (const name of [file, keysFile]) writeFileSync(join(folders.cases, name), 'x');
  }
  rmSync(join(folders.cases, archives[0]?.file ?? ''));
  rmSync(join(folders.cases, archives[1]?.keysFile ?? ''));
  await tidy(passAlways);
  const stages = cases.map(({ caseId }) => ledger.read.caseById(caseId)?.stage);
  assert.deepEqual(stages, ['held', 'held', 'sealed']);
  assert.equal(ledger.read.caseById(cases[0]?.caseId ?? '')?.reason, 'unreadable');
});
