import assert from 'node:assert/strict';
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { openFolder } from '../folder.ts';
import { simulateStudy } from '../simulate/index.ts';
import { memorySource } from '../testing/memory-source.ts';
import { tinyExport } from '../testing/tiny-export.ts';
import { Copyist, NotInCopy } from './copyist.ts';
import { pseudonymise } from './pseudonymise.ts';
import type { PseudonymisedFile } from './transform.ts';

const site = { profile: 'pseudonymised', siteKey: Buffer.alloc(32, 3) } as const;

async function simulated(t: TestContext, more: Partial<Parameters<typeof simulateStudy>[0]> = {}) {
  const made = await simulateStudy({ folder: temporaryFolder(t), seed: 11, points: 2, ...more });
  return made.folder;
}

async function pseudonymised(folder: string, profile: 'pseudonymised' | 'safe-harbor' = 'pseudonymised') {
  return pseudonymise(await openFolder(folder, passAlways), passAlways, { ...site, profile });
}

async function bytesOf(pieces: AsyncIterable<Uint8Array>): Promise<Buffer> {
  const all: Buffer[] = [];
  for await (const piece of pieces) all.push(Buffer.from(piece));
  return Buffer.concat(all);
}

const named = (files: readonly PseudonymisedFile[], end: string) => files.find(({ name }) => name.endsWith(end))!;

test('a copyist writes the very bytes that the desk writes, in any order, or none', async (t) => {
  const plants = { canaries: true, paso: true, shell: true, remap: true } as const;
  for (const [profile, more] of [
    ['pseudonymised', { generation: 'v7', ...plants }],
    ['safe-harbor', plants],
  ] as const) {
    const study = await pseudonymised(await simulated(t, more), profile);
    const copy = study.copy()!;
    const copyist = new Copyist(copy.desk, passAlways);
    const copied = new Map<string, Buffer>();
    for (const { name, order } of study.files.toReversed()) copied.set(name, await bytesOf(copyist.open(order!)));
    for (const file of study.files) {
      assert.ok(copied.get(file.name)?.equals(await bytesOf(file.open())), `${profile} ${file.name}`);
    }
    assert.deepEqual(copyist.takeWarnings(), study.warnings);
    assert.ok(!copy.isOutdated);
  }
});

test('a counter that the copy does not know is refused, and the copy is as it was', async (t) => {
  const folder = await simulated(t);
  appendFileSync(
    join(folder, 'VisiTagExport', 'RawPositions.txt'),
    'TimeStamp Session X Y Z\r\n700100 876543 1 2 3\r\n',
  );
  const study = await pseudonymised(folder);
  const copyist = new Copyist(study.copy()!.desk, passAlways);
  const table = named(study.files, 'RawPositions.txt');
  for (let time = 0; time < 2; time++) await assert.rejects(bytesOf(copyist.open(table.order!)), NotInCopy);
  const mesh = named(study.files, '.mesh');
  assert.deepEqual(await bytesOf(copyist.open(mesh.order!)), await bytesOf(mesh.open()));
  assert.match(String(await bytesOf(table.open())), /^\s*700100\s+\d+\s+1 2 3/m);
});

test('a copy knows what staff typed: what the desk would not let pass, it does not', async (t) => {
  const folder = await simulated(t, { names: { study: 'Study 48151623' } });
  appendFileSync(join(folder, 'VisiTagExport', 'RawPositions.txt'), 'TimeStamp Session X Y Z\r\n48151623 0 1 2 3\r\n');
  const study = await pseudonymised(folder);
  const copyist = new Copyist(study.copy()!.desk, passAlways);
  const table = named(study.files, 'RawPositions.txt');
  const outcome = (pieces: AsyncIterable<Uint8Array>) => bytesOf(pieces).then(String, (error: Error) => error.message);
  assert.match(await outcome(table.open()), /original-number/);
  assert.equal(await outcome(copyist.open(table.order!)), await outcome(table.open()));
});

test('a source that is no folder is written at the desk', async () => {
  const study = await pseudonymise(memorySource(tinyExport()), passAlways, site);
  assert.ok(study.files.every(({ order }) => order === undefined));
});
