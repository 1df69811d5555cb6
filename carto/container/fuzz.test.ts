import assert from 'node:assert/strict';
import { randomInt } from 'node:crypto';
import { mkdirSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { CartoError } from '../error.ts';
import { foldName } from './names.ts';
import { type Mutation, mutation } from './testing/mutations.ts';
import { readAll } from './testing/read-all.ts';
import { infoZip, sevenZip, type Tree, writeTree } from './testing/tools.ts';

const seeds = [1947, randomInt(2 ** 31)];
const runs = (of: number) => Math.ceil((of * Number(process.env.VESTIBULE_FUZZ ?? 1)) / seeds.length);

const part = fc
  .stringMatching(/^[A-Za-z0-9_ ()+-]{1,12}$/)
  .map((text) => `f${text.trim()}`)
  .chain((text) => fc.constantFrom(text, `${text}é`, `${text}µ`));
const path = fc.oneof(
  part,
  fc.tuple(part, part).map((parts) => `d${parts.join('/')}`),
);
const content = fc.oneof(
  fc.uint8Array({ maxLength: 300 }),
  fc
    .tuple(fc.string({ minLength: 1, maxLength: 9 }), fc.integer({ min: 0, max: 60_000 }))
    .map(([text, times]) => Buffer.from(text.repeat(times))),
);
const tree: fc.Arbitrary<Tree> = fc
  .uniqueArray(fc.tuple(path, content), {
    minLength: 1,
    maxLength: 6,
    selector: ([name]) => foldName(name).split('/')[0]!,
  })
  .map((files) => Object.fromEntries(files));

// biome-ignore format: the columns are the documentation
const writers = [
  ['zip',  8, (from: string) => infoZip(from, '-r', '../out', '.')],
  ['zip',  8, (from: string) => sevenZip(from, 'a', '-tzip', '-mem=AES256', '-pgeheim', '../out.zip', '.')],
  ['7z',   2, (from: string) => sevenZip(from, 'a', '-t7z', '-mmt1', '../out.zip', '.')],
] as const;

for (const [index, [kind, times, write]] of writers.entries()) {
  test(`any tree comes back as it was packed (${kind}, writer ${index})`, async (t) => {
    for (const seed of seeds) {
      t.diagnostic(`seed ${seed}`);
      await fc.assert(
        fc.asyncProperty(tree, async (files) => {
          const folder = temporaryFolder(t);
          writeTree(join(folder, 'in'), files);
          write(join(folder, 'in'));
          const read = await readAll(join(folder, 'out.zip'), { password: 'geheim', spoolFolder: folder });
          const expected = Object.entries(files).map(([name, bytes]) => [
            name.normalize('NFC'),
            Buffer.from(bytes as string),
          ]);
          assert.deepEqual(read.files, Object.fromEntries(expected));
          rmSync(folder, { recursive: true });
        }),
        { seed, numRuns: runs(times), endOnFailure: true },
      );
    }
  });
}

const contents = ['<Study name="x"></Study>', 'Jane '.repeat(9000), '', '1 2 3\r\n'.repeat(60), 'x'.repeat(300)];
const original = Object.fromEntries(
  contents.map((text, index) => [index === 0 ? 'a.xml' : `d${index}/${index}.txt`, text]),
);

/** Whatever was done to an archive: an error of ours, or only content that was packed; nothing beside it, no process. */
async function expectHarmless(t: TestContext, archive: Buffer, mutations: readonly Mutation[]): Promise<boolean> {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'spool'));
  writeFileSync(
    join(folder, 'in'),
    mutations.reduce((bytes, mutate) => mutate(bytes), archive),
  );
  try {
    const { files } = await readAll(join(folder, 'in'), { password: 'geheim', spoolFolder: join(folder, 'spool') });
    for (const bytes of Object.values(files)) assert.ok(contents.includes(bytes.toString('latin1')));
    return true;
  } catch (error) {
    if (error instanceof CartoError) return false;
    throw error;
  } finally {
    assert.deepEqual(readdirSync(folder).sort(), ['in', 'spool']);
    assert.deepEqual(readdirSync(join(folder, 'spool')), []);
    rmSync(folder, { recursive: true });
  }
}

// biome-ignore format: the columns are the documentation
const damaged = [
  ['zip',                  80, (from: string) => infoZip(from, '-r', '../out', '.')],
  ['zip with ZipCrypto',   40, (from: string) => infoZip(from, '-P', 'geheim', '-r', '../out', '.')],
  ['zip with AES',         40, (from: string) => sevenZip(from, 'a', '-tzip', '-mem=AES256', '-pgeheim', '../out.zip', '.')],
  ['7z',                    4, (from: string) => sevenZip(from, 'a', '-t7z', '-mmt1', '../out.zip', '.')],
] as const;

for (const [kind, times, write] of damaged) {
  test(`a damaged ${kind} is an error or what was packed`, async (t) => {
    const folder = temporaryFolder(t);
    writeTree(join(folder, 'in'), original);
    write(join(folder, 'in'));
    const archive = readFileSync(join(folder, 'out.zip'));
    let refused = 0;
    for (const seed of seeds) {
      t.diagnostic(`seed ${seed}`);
      const mutations = fc.array(mutation, { minLength: 1, maxLength: 3 });
      await fc.assert(
        fc.asyncProperty(mutations, async (how) => {
          if (!(await expectHarmless(t, archive, how))) refused++;
        }),
        { seed, numRuns: runs(times), endOnFailure: true },
      );
    }
    assert.ok(await expectHarmless(t, archive, []));
    assert.ok(refused > 0);
  });
}
