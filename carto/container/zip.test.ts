import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { closeSync, openSync, renameSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { aesEntry } from './testing/aes-entry.ts';
import { expectLocked, readAll, refused } from './testing/read-all.ts';
import { writeSevenZip } from './testing/seven-zip-writer.ts';
import { infoZip, mixedContents, mixedTree, sevenZip, writeTree } from './testing/tools.ts';
import { writeZip } from './testing/zip-writer.ts';

// biome-ignore format: the columns are the documentation
const writers = [
  ['Info-ZIP, deflated',       (from: string, to: string) => infoZip(from, '-r', to, '.'),                               undefined ],
  ['Info-ZIP, stored',         (from: string, to: string) => infoZip(from, '-0', '-r', to, '.'),                         undefined ],
  ['Info-ZIP, zip64, streamed',(from: string, to: string) => infoZip(from, '-fz', '-r', to, '.'),                        undefined ],
  ['Info-ZIP, ZipCrypto',      (from: string, to: string) => infoZip(from, '-P', 'Vorhof 1', '-r', to, '.'),             'Vorhof 1'],
  ['7-Zip, deflated',          (from: string, to: string) => sevenZip(from, 'a', '-tzip', to, '.'),                      undefined ],
  ['7-Zip, ZipCrypto',         (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-pgeheim', to, '.'),          'geheim'  ],
  ['7-Zip, AES-256, stored',   (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-mx0', '-mem=AES256', '-pgeheim', to, '.'), 'geheim'],
  ['7-Zip, AES-256',           (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-mem=AES256', '-pgeheim', to, '.'), 'geheim'],
] as const;

for (const [name, write, password] of writers) {
  test(`reads back what was written by ${name}`, async (t) => {
    const folder = temporaryFolder(t);
    writeTree(join(folder, 'in'), mixedTree);
    write(join(folder, 'in'), '../out.zip');
    const { files, container } = await readAll(join(folder, 'out.zip'), password === undefined ? {} : { password });
    assert.equal(container, 'zip (yauzl)');
    assert.deepEqual(files, mixedContents);
    if (password !== undefined) await expectLocked(join(folder, 'out.zip'));
  });
}

test('an archive in an archive in a folder is opened in its place, and the way is named', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), mixedTree);
  infoZip(join(folder, 'in'), '-r', '../inner.zip', '.');
  writeTree(join(folder, 'outer'), { 'readme.txt': 'x' });
  renameSync(join(folder, 'inner.zip'), join(folder, 'outer/Export.dat'));
  sevenZip(join(folder, 'outer'), 'a', '-tzip', '-mem=AES256', '-pgeheim', '../case/copy.zip', '.');
  const { files, container } = await readAll(join(folder, 'case'), { password: 'geheim' });
  assert.equal(container, 'folder > zip (yauzl) > zip (yauzl)');
  assert.deepEqual(files, mixedContents);
});

for (const version of [1, 2] as const) {
  test(`AE-${version} in its three strengths, with a password that is not ASCII, in any encoding`, async (t) => {
    const folder = temporaryFolder(t);
    const content = randomBytes(100_003);
    // The character is `ä` for all, but another byte in UTF-8, Windows-1252 and code page 437.
    for (const [strength, password] of [
      [1, 'geh\u00e4im'],
      [2, 'geh\u00e4im'],
      [3, Buffer.from('geh\u00e4im', 'latin1')],
    ] as const) {
      const entry = aesEntry('x', content, password, version, strength);
      writeFileSync(join(folder, 'in'), writeZip([entry]));
      assert.deepEqual((await readAll(join(folder, 'in'), { password: 'geh\u00e4im' })).files, { x: content });
      const packed = Buffer.from(entry.packed!);
      packed[packed.length - 50_000]! ^= 1;
      writeFileSync(join(folder, 'in'), writeZip([{ ...entry, packed }]));
      await assert.rejects(readAll(join(folder, 'in'), { password: 'geh\u00e4im' }), (error: Error) => {
        return refused('UNREADABLE')(error) && /authentication/.test(error.message);
      });
    }
  });
}

test('a wrong password for ZipCrypto is a wrong password, also where its one byte of check passes', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), { 'x.txt': 'a b c\r\n'.repeat(100) });
  infoZip(join(folder, 'in'), '-P', 'geheim', '-r', '../out.zip', '.');
  for (let index = 0; index < 400; index++) {
    await assert.rejects(readAll(join(folder, 'out.zip'), { password: `wrong ${index}` }), refused('WRONG_PASSWORD'));
  }
});

test('a zip whose method is not deflate is read by 7-Zip', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), mixedTree);
  sevenZip(join(folder, 'in'), 'a', '-tzip', '-mm=Deflate64', '../out.zip', '.');
  const { files, container } = await readAll(join(folder, 'out.zip'));
  assert.match(container, /^zip \(7z-wasm \d+\.\d+\)$/);
  assert.deepEqual(files, mixedContents);
});

/** Five gigabytes of nothing, which take no room on the disk, before or inside an archive. */
const far = 5 * 2 ** 30;

function writeAt(path: string, parts: readonly (readonly [number, Buffer])[]): void {
  const file = openSync(path, 'w');
  for (const [at, bytes] of parts) writeSync(file, bytes, 0, bytes.length, at);
  closeSync(file);
}

test('offsets beyond 4 GiB are followed, in a zip and in a 7-Zip archive', async (t) => {
  const folder = temporaryFolder(t);
  const content = randomBytes(100_000);
  const first = writeZip([{ name: 'b', content }]).subarray(0, 31);
  writeAt(join(folder, 'zip'), [
    [0, first],
    [far, writeZip([{ name: 'x', content }], { base: far })],
  ]);
  assert.deepEqual((await readAll(join(folder, 'zip'))).files, { x: content });
  const archive = writeSevenZip([{ name: 'x', content }], far);
  writeAt(join(folder, '7z'), [
    [0, archive.subarray(0, 32)],
    [32 + far, archive.subarray(32)],
  ]);
  assert.deepEqual((await readAll(join(folder, '7z'))).files, { x: content });
});
