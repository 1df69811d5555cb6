import assert from 'node:assert/strict';
import { mkdirSync, rmSync, symlinkSync, truncateSync, utimesSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import { passAlways } from '../../core/gate-flag.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { type EntryState, lookAt } from './entry.ts';
import { listInbox } from './inbox.ts';

const key = Buffer.alloc(32, 7);
const limits = { maxEntries: 1000, maxBytes: 1 << 20 };

test('lists folders and containers, in order; no hidden names, links or stray files', async (t) => {
  const inbox = temporaryFolder(t);
  for (const name of ['b folder', 'a folder', '.hidden']) mkdirSync(join(inbox, name));
  for (const name of ['case.zip', 'CASE.7Z', 'notes.txt', '.case.zip']) writeFileSync(join(inbox, name), '');
  writeFileSync(join(inbox, 'packed'), 'PK\x03\x04 and so on');
  writeFileSync(join(inbox, 'packed.dat'), Buffer.from('7z\xbc\xaf\x27\x1c', 'latin1'));
  symlinkSync(join(inbox, 'a folder'), join(inbox, 'link'));
  const found = await listInbox(inbox, key, passAlways);
  assert.deepEqual(
    found.map(({ name, kind }) => [name, kind]),
    [
      ['CASE.7Z', 'container'],
      ['a folder', 'folder'],
      ['b folder', 'folder'],
      ['case.zip', 'container'],
      ['packed', 'container'],
      ['packed.dat', 'container'],
    ],
  );
});

test('an entry is recognised by its place and name, and its key says nothing of the name without the site key', async (t) => {
  const [one, other] = [temporaryFolder(t), temporaryFolder(t)];
  for (const inbox of [one, other]) mkdirSync(join(inbox, 'case'));
  const keyOf = async (inbox: string, siteKey: Uint8Array) => (await listInbox(inbox, siteKey, passAlways))[0]?.key;
  assert.equal(await keyOf(one, key), await keyOf(one, key));
  assert.notEqual(await keyOf(one, key), await keyOf(other, key));
  assert.notEqual(await keyOf(one, key), await keyOf(one, Buffer.alloc(32, 8)));
});

test('an inbox that is not there, or a gate that says no, is an error and not an empty inbox', async (t) => {
  const inbox = temporaryFolder(t);
  await assert.rejects(listInbox(join(inbox, 'nowhere'), key, passAlways), { code: 'ENOENT' });
  await assert.rejects(
    listInbox(inbox, key, async () => {
      throw new Error('stopping');
    }),
    /stopping/,
  );
});

function someEntry(t: TestContext): string {
  const entry = temporaryFolder(t);
  mkdirSync(join(entry, 'deep', 'deeper'), { recursive: true });
  writeFileSync(join(entry, 'a'), 'aaa');
  writeFileSync(join(entry, 'deep', 'b'), 'bb');
  writeFileSync(join(entry, 'deep', 'deeper', 'c'), 'c');
  return entry;
}

const look = async (entry: string) => (await lookAt(entry, limits, passAlways)) as EntryState;

test('a look counts files and bytes at every depth, and comes out the same when nothing changed', async (t) => {
  const entry = someEntry(t);
  const { files, bytes, signature } = await look(entry);
  assert.deepEqual([files, bytes], [3, 6]);
  assert.equal((await look(entry)).signature, signature);
});

const changes: Readonly<Record<string, (entry: string) => void>> = {
  'a file more': (entry) => writeFileSync(join(entry, 'deep', 'x'), ''),
  'a folder more': (entry) => mkdirSync(join(entry, 'deep', 'x')),
  'a file less': (entry) => rmSync(join(entry, 'deep', 'b')),
  'a file that grew': (entry) => writeFileSync(join(entry, 'deep', 'deeper', 'c'), 'cc'),
  'a file that shrank': (entry) => truncateSync(join(entry, 'a'), 1),
  'a file that was written again': (entry) => utimesSync(join(entry, 'a'), 1, 2),
};

for (const [what, change] of Object.entries(changes)) {
  test(`a look sees ${what}`, async (t) => {
    const entry = someEntry(t);
    const { signature } = await look(entry);
    change(entry);
    assert.notEqual((await look(entry)).signature, signature);
  });
}

test('links are seen by name and not followed, not even in a circle', async (t) => {
  const entry = someEntry(t);
  symlinkSync(entry, join(entry, 'deep', 'circle'));
  symlinkSync('/etc/hostname', join(entry, 'outside'));
  const { files, bytes } = await look(entry);
  assert.deepEqual([files, bytes], [5, 6]);
});

test('an entry with too many names or bytes is counted up to the limit and no further', async (t) => {
  const entry = someEntry(t);
  for (let n = 0; n < 50; n++) writeFileSync(join(entry, `f${n}`), 'x');
  const names = await lookAt(entry, { ...limits, maxEntries: 10 }, passAlways);
  assert.ok('tooLarge' in names && names.files <= 11);
  const bytes = await lookAt(entry, { ...limits, maxBytes: 5 }, passAlways);
  assert.ok('tooLarge' in bytes && bytes.bytes <= 9);
});

test('the gate is passed before every folder and every file', async (t) => {
  let passed = 0;
  await lookAt(someEntry(t), limits, async () => {
    passed++;
  });
  assert.equal(passed, 1 + 3 + 5, 'the entry, three folders, five names');
});

test('a look that is refused at the gate ends there', async (t) => {
  let passed = 0;
  const refuse = async () => {
    if (++passed === 3) throw new Error('stopping');
  };
  await assert.rejects(lookAt(someEntry(t), limits, refuse), /stopping/);
  assert.equal(passed, 3);
});

test('a file is seen by its size and time; what is larger than the site allows is not looked into', async (t) => {
  const file = join(temporaryFolder(t), 'case.zip');
  writeFileSync(file, 'PK');
  const first = await look(file);
  assert.deepEqual([first.files, first.bytes], [1, 2]);
  assert.equal((await look(file)).signature, first.signature);
  utimesSync(file, 1, 2);
  assert.notEqual((await look(file)).signature, first.signature);
  assert.ok('tooLarge' in (await lookAt(file, { ...limits, maxBytes: 1 }, passAlways)));
});
