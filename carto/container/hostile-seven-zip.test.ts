import assert from 'node:assert/strict';
import { mkdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { CartoErrorCode } from '../error.ts';
import type { OpenOptions } from './open-source.ts';
import { expectRefused, readAll, refused } from './testing/read-all.ts';
import { type StoredEntry, writeSevenZip } from './testing/seven-zip-writer.ts';
import { sevenZip, type Tree, writeTree } from './testing/tools.ts';

/** What 7-Zip itself packs. */
function packed(t: TestContext, tree: Tree, ...how: readonly string[]): Buffer {
  const folder = temporaryFolder(t);
  writeTree(join(folder, 'in'), tree);
  sevenZip(join(folder, 'in'), 'a', '-t7z', ...how, '../out.7z', '.');
  return readFileSync(join(folder, 'out.7z'));
}

const study: StoredEntry = { name: 'Jane.xml', content: Buffer.from('<Study name="Jane"></Study>') };
const text: StoredEntry = { name: 'Jane.txt', content: Buffer.from('Jane '.repeat(2000)) };

test('the honest archive that the others are made from is read', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'in.7z'), writeSevenZip([study, text]));
  assert.deepEqual((await readAll(join(folder, 'in.7z'))).files, {
    'Jane.xml': study.content,
    'Jane.txt': text.content,
  });
});

test('folders may be written with the slash of Windows', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'in.7z'), writeSevenZip([study, { ...text, name: 'VisiTagExport\\Sites.txt' }]));
  assert.deepEqual(Object.keys((await readAll(join(folder, 'in.7z'))).files), ['Jane.xml', 'VisiTagExport/Sites.txt']);
});

const reparsePoint = 0x400;
const hostile: Record<string, readonly [CartoErrorCode, readonly StoredEntry[], OpenOptions?]> = {
  'a way out with the other slash': ['UNSAFE_NAME', [study, { ...text, name: '..\\..\\Jane.txt' }]],
  'a link of Windows': ['UNSAFE_NAME', [study, { ...text, attributes: reparsePoint }]],
  'a link of Unix': ['UNSAFE_NAME', [study, { ...text, attributes: 0x8000 | (0o120777 * 2 ** 16) }]],
  'a name twice': ['UNSAFE_NAME', [study, text, text]],
  'more entries than allowed': ['TOO_LARGE', [study, text], { limits: { maxEntries: 1 } }],
  'more bytes than allowed': ['TOO_LARGE', [study, text], { limits: { maxTotalBytes: 10_000 } }],
  'more to spool than allowed': ['TOO_LARGE', [study, text], { maxSpoolBytes: 10_000 }],
  'a checksum that does not match': ['UNREADABLE', [study, { ...text, crc32: 1 }]],
  'more bytes than there are': ['UNREADABLE', [study, { ...text, claimedBytes: 20_000 }]],
};
for (const [what, [code, entries, options]] of Object.entries(hostile)) {
  test(`a 7-Zip archive with ${what} is ${code}`, (t) => expectRefused(t, writeSevenZip(entries), code, options));
}

test('a bomb is refused by what it announces', async (t) => {
  const bomb = packed(t, { 'a.xml': '<Study name="x">', 'b.txt': Buffer.alloc(80 * 2 ** 20) }, '-mx1');
  await expectRefused(t, bomb, 'TOO_LARGE');
});

test('a dictionary that takes more memory than allowed is TOO_LARGE', async (t) => {
  const content = Buffer.alloc(5_000_000, 'Jane 1947 ');
  await expectRefused(
    t,
    withDictionary(packed(t, { 'a.xml': content }, '-m0=LZMA', '-mhc=off'), 512 * 2 ** 20),
    'TOO_LARGE',
  );
});

/** The parameters of LZMA (`5D`, then the dictionary) as they stand in a header that is not packed, with its checksums. */
function withDictionary(archive: Buffer, bytes: number): Buffer {
  const at = archive.lastIndexOf(Buffer.from('030101055d', 'hex')) + 5;
  assert.ok(at > 32);
  archive.writeUInt32LE(bytes, at);
  return writeSevenZip.sealed(archive);
}

test('an archive that was cut off or changed is an error of ours', async (t) => {
  const whole = packed(t, { 'a.xml': '<Study name="x">', 'b.txt': 'Jane '.repeat(5000) });
  for (const length of [100, whole.length - 1]) {
    await expectRefused(t, whole.subarray(0, length), 'UNREADABLE');
  }
});

test('a link that 7-Zip packed itself is refused', async (t) => {
  const folder = temporaryFolder(t);
  mkdirSync(join(folder, 'in'));
  writeFileSync(join(folder, 'in/a.xml'), '<Study name="x">');
  symlinkSync('/etc/passwd', join(folder, 'in/Jane.txt'));
  sevenZip(join(folder, 'in'), 'a', '-t7z', '-snl', '../out.7z', '.');
  await assert.rejects(readAll(join(folder, 'out.7z')), refused('UNSAFE_NAME', 'Jane'));
});
