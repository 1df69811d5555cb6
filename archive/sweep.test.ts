import assert from 'node:assert/strict';
import { existsSync, linkSync, readdirSync, readFileSync, unlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildArchive } from './build.ts';
import { eraseArchive } from './erase.ts';
import { sweepBuilds } from './sweep.ts';
import { noise, orderOf, tempFolder } from './testing/studies.ts';

const seal = (folder: string) => buildArchive(orderOf(folder, [{ name: 'a', pieces: [noise(100)] }]));

test('removes leftovers of killed builds and says which; finished archives and strangers stay', async () => {
  using folder = tempFolder();
  const kept = await seal(folder.path);
  const orphan = await seal(folder.path);
  unlinkSync(orphan.path);
  const keyless = await seal(folder.path);
  unlinkSync(keyless.keysPath);
  const other = `case-${'a'.repeat(20)}.review`;
  const leftovers = [`${other}.case.0f0f0f0f0f0f.partial`, `${other}.keys.4711.partial`];
  const strangers = ['notes.txt', 'ledger.sqlite', 'notes.partial', 'case-short.study.keys'];
  for (const name of [...leftovers, ...strangers]) writeFileSync(join(folder.path, name), 'x');

  const orphaned = `${orphan.caseId}.study.keys`;
  assert.deepEqual([...sweepBuilds(folder.path)].sort(), [...leftovers, orphaned].sort());
  const stay = [kept.path, kept.keysPath, keyless.path, ...strangers.map((name) => join(folder.path, name))];
  assert.deepEqual(readdirSync(folder.path).length, stay.length);
  for (const path of stay) assert.ok(existsSync(path), path);
  assert.deepEqual(sweepBuilds(folder.path), []);
});

test('erasing overwrites the keys before it unlinks them, then the archive, and may be repeated', async () => {
  using folder = tempFolder();
  const { path, keysPath } = await seal(folder.path);
  const witness = join(folder.path, 'witness');
  linkSync(keysPath, witness);
  const { length } = readFileSync(witness);
  eraseArchive(path);
  assert.deepEqual(readdirSync(folder.path), ['witness']);
  assert.ok(readFileSync(witness).equals(Buffer.alloc(length)));
  eraseArchive(path);
});

test('keys are erased even if the archive is already gone', async () => {
  using folder = tempFolder();
  const { path } = await seal(folder.path);
  unlinkSync(path);
  eraseArchive(path);
  assert.deepEqual(readdirSync(folder.path), []);
});
