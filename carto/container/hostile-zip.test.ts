import assert from 'node:assert/strict';
import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import type { CartoErrorCode } from '../error.ts';
import type { OpenOptions } from './open-source.ts';
import { expectRefused, readAll, refused } from './testing/read-all.ts';
import { type WrittenEntry, type WrittenZip, writeZip } from './testing/zip-writer.ts';

const study: WrittenEntry = { name: 'Jane.xml', content: Buffer.from('<Study name="Jane"></Study>') };
const text: WrittenEntry = { name: 'Jane.txt', content: Buffer.from('Jane '.repeat(2000)), method: 8 };

test('the honest archive that the others are made from is read', async (t) => {
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'in.zip'), writeZip([study, text], { comment: 'Jane' }));
  assert.deepEqual((await readAll(join(folder, 'in.zip'))).files['Jane.txt'], text.content);
});

const far = Buffer.alloc(80 * 2 ** 20);
const hostile: Record<string, readonly [CartoErrorCode, readonly WrittenEntry[], WrittenZip?, OpenOptions?]> = {
  'a way out of the archive': ['UNSAFE_NAME', [study, { ...text, name: '../../Jane.txt' }]],
  'the root of the file system': ['UNSAFE_NAME', [study, { ...text, name: '/Jane.txt' }]],
  'a drive': ['UNSAFE_NAME', [study, { ...text, name: 'C:\\Jane.txt' }]],
  'a NUL in a name': ['UNSAFE_NAME', [study, { ...text, name: 'Jane\0.txt' }]],
  'a link': ['UNSAFE_NAME', [study, { ...text, mode: 0o120777 }]],
  'a device': ['UNSAFE_NAME', [study, { ...text, mode: 0o020666 }]],
  'a name twice': ['UNSAFE_NAME', [study, text, text]],
  'names that differ in case alone': ['UNSAFE_NAME', [study, text, { ...text, name: 'JANE.TXT' }]],
  'names that differ in their composition alone': [
    'UNSAFE_NAME',
    [study, { ...text, name: 'J\u00e4ne' }, { ...text, name: 'Ja\u0308ne' }],
  ],
  'a name of 600 letters': ['UNSAFE_NAME', [study, { ...text, name: 'Jane'.repeat(150) }]],
  'folders in folders in folders': ['TOO_LARGE', [study, { ...text, name: `${'Jane/'.repeat(9)}x` }]],
  'more entries than allowed': ['TOO_LARGE', [study, text], {}, { limits: { maxEntries: 1 } }],
  'more bytes than allowed': ['TOO_LARGE', [study, text], {}, { limits: { maxTotalBytes: 10_000 } }],
  'a file of more bytes than allowed': ['TOO_LARGE', [study, text], {}, { limits: { maxFileBytes: 9999 } }],
  'a bomb that says so': ['TOO_LARGE', [study, { name: 'x', content: far, method: 8 }]],
  'a bomb that says that it is small': [
    'UNREADABLE',
    [study, { name: 'x', content: far, method: 8, claimed: { bytes: 9 } }],
  ],
  'a bomb of files that lie in one another': [
    'TOO_LARGE',
    Array.from({ length: 40 }, (_, index) => ({ ...text, name: `${index}`, claimed: { bytes: 2 ** 31 } })),
  ],
  'a small bomb that says that it is small': ['UNREADABLE', [study, { ...text, claimed: { bytes: 9999 } }]],
  'fewer bytes than announced': ['UNREADABLE', [study, { ...text, claimed: { bytes: 10_001 } }]],
  'more packed bytes than there are': ['UNREADABLE', [study, { ...text, claimed: { packed: 1_000_000 } }]],
  'a checksum that does not match': ['UNREADABLE', [study, { ...text, claimed: { crc32: 1 }, local: { crc32: 1 } }]],
  'a name that differs before the data': ['UNREADABLE', [study, { ...text, local: { name: 'Jill.txt' } }]],
  'a method that differs before the data': ['UNREADABLE', [study, { ...text, local: { method: 0 } }]],
  'a size that differs before the data': ['UNREADABLE', [study, { ...text, local: { bytes: 12 } }]],
  'a checksum that differs before the data': ['UNREADABLE', [study, { ...text, local: { crc32: 12 } }]],
  'stored bytes of two sizes': ['UNREADABLE', [study, { ...text, method: 0, claimed: { packed: 50 } }]],
  'noise that says that it is deflated': ['UNREADABLE', [study, { ...text, packed: Buffer.alloc(500, 0xff) }]],
  'AES without its parameters': ['UNREADABLE', [study, { ...text, method: 99, flags: 0x801 }]],
  'AES with senseless parameters': [
    'UNREADABLE',
    [study, { ...text, method: 99, flags: 0x801, extra: Buffer.from('01990700090041450308', 'hex') }],
  ],
  'an encrypted entry without a body': ['UNREADABLE', [{ name: 'x', flags: 0x801 }], {}, { password: 'geheim' }],
  'an extra field that is longer than all': [
    'UNREADABLE',
    [study, { ...text, extra: Buffer.from('ffffffffff', 'hex') }],
  ],
  'more entries in the end record than there are': ['UNREADABLE', [study, text], { entryCount: 9 }],
};

for (const [what, [code, entries, zip, options]] of Object.entries(hostile)) {
  test(`a zip with ${what} is ${code}`, (t) => expectRefused(t, writeZip(entries, zip), code, options));
}

test('a zip that is cut off anywhere is UNREADABLE, or no zip any more', async (t) => {
  const whole = writeZip([study, text]);
  for (let length = 8; length < whole.length; length += 23) {
    await expectRefused(t, whole.subarray(0, length), 'UNREADABLE');
  }
});

test('a million entries are refused by their number, before one is looked at', async (t) => {
  const end = writeZip([], { entryCount: 0xffff });
  const folder = temporaryFolder(t);
  writeFileSync(join(folder, 'in.zip'), end);
  await assert.rejects(readAll(join(folder, 'in.zip'), { limits: { maxEntries: 1000 } }), refused('TOO_LARGE'));
});

test('archives nest as deep as allowed, and no deeper', async (t) => {
  const folder = temporaryFolder(t);
  let archive = writeZip([study]);
  for (let depth = 0; depth < 3; depth++) archive = writeZip([{ name: 'inner', content: archive }]);
  writeFileSync(join(folder, 'in.zip'), archive);
  const { container } = await readAll(join(folder, 'in.zip'));
  assert.equal(container, Array.from({ length: 4 }, () => 'zip (yauzl)').join(' > '));
  await assert.rejects(readAll(join(folder, 'in.zip'), { limits: { maxNesting: 2 } }), refused('TOO_LARGE'));
});

test('two archives and no study: it is not guessed which one is meant', async (t) => {
  const inner = writeZip([study]);
  const two = writeZip([
    { name: 'a', content: inner },
    { name: 'b', content: inner },
  ]);
  await expectRefused(t, two, 'UNREADABLE');
});

test('an archive that is neither zip nor 7-Zip is UNSUPPORTED; so is an empty file', async (t) => {
  await expectRefused(t, Buffer.from('Rar!\x1a\x07\x00 and more'), 'UNSUPPORTED');
  await expectRefused(t, Buffer.alloc(0), 'UNSUPPORTED');
});
