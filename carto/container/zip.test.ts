import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { renameSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { readAll, refused } from './testing/read-all.ts';
import { temporaryFolder } from './testing/temporary.ts';
import { infoZip, sevenZip, type Tree, writeTree } from './testing/tools.ts';

const noise = randomBytes(700_000);
const tree: Tree = {
  'Study 1.xml': '<Study name="Study 1"></Study>',
  'empty.txt': '',
  'VisiTagExport/Sites.txt': 'a b c\r\n'.repeat(200_000),
  'noise.bin': noise,
  'Müller.mesh': 'µ',
};
const expected = Object.fromEntries(
  Object.entries(tree).map(([path, content]) => [path, Buffer.from(content as string)]),
);

// biome-ignore format: the columns are the documentation
const writers = [
  ['Info-ZIP, deflated',       (from: string, to: string) => infoZip(from, '-r', to, '.'),                               undefined ],
  ['Info-ZIP, stored',         (from: string, to: string) => infoZip(from, '-0', '-r', to, '.'),                         undefined ],
  ['Info-ZIP, zip64, streamed',(from: string, to: string) => infoZip(from, '-fz', '-r', to, '.'),                        undefined ],
  ['Info-ZIP, ZipCrypto',      (from: string, to: string) => infoZip(from, '-P', 'Vorhof 1', '-r', to, '.'),             'Vorhof 1'],
  ['7-Zip, deflated',          (from: string, to: string) => sevenZip(from, 'a', '-tzip', to, '.'),                      undefined ],
  ['7-Zip, ZipCrypto',         (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-pgeheim', to, '.'),          'geheim'  ],
  ['7-Zip, AES-128',           (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-mem=AES128', '-pgeheim', to, '.'), 'geheim'],
  ['7-Zip, AES-192',           (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-mem=AES192', '-pgeheim', to, '.'), 'geheim'],
  ['7-Zip, AES-256, stored',   (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-mx0', '-mem=AES256', '-pgeheim', to, '.'), 'geheim'],
  ['7-Zip, AES-256',           (from: string, to: string) => sevenZip(from, 'a', '-tzip', '-mem=AES256', '-pgeheim', to, '.'), 'geheim'],
] as const;

for (const [name, write, password] of writers) {
  test(`reads back what was written by ${name}`, async (t) => {
    const folder = temporaryFolder(t);
    writeTree(join(folder, 'in'), tree);
    write(join(folder, 'in'), '../out.zip');
    const { files, container } = await readAll(join(folder, 'out.zip'), password === undefined ? {} : { password });
    assert.equal(container, 'zip (yauzl)');
    assert.deepEqual(files, expected);
    if (password === undefined) return;
    await assert.rejects(readAll(join(folder, 'out.zip')), refused('PASSWORD_NEEDED', 'Study', folder));
    await assert.rejects(
      readAll(join(folder, 'out.zip'), { password: 'Janes Geburtstag' }),
      refused('WRONG_PASSWORD', 'Janes', 'Study', folder),
    );
  });
}

test('an archive in an archive in a folder is opened in its place, and the way is named', async (t) => {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), tree);
  infoZip(join(folder, 'in'), '-r', '../inner.zip', '.');
  writeTree(join(folder, 'outer'), { 'readme.txt': 'x' });
  renameSync(join(folder, 'inner.zip'), join(folder, 'outer/Export.dat'));
  sevenZip(join(folder, 'outer'), 'a', '-tzip', '-mem=AES256', '-pgeheim', '../case/copy.zip', '.');
  const { files, container } = await readAll(join(folder, 'case'), { password: 'geheim' });
  assert.equal(container, 'folder > zip (yauzl) > zip (yauzl)');
  assert.deepEqual(files, expected);
});
