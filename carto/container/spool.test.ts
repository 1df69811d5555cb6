import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { randomBytes } from 'node:crypto';
import { closeSync, mkdirSync, openSync, readdirSync, readFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { type TestContext, test } from 'node:test';
import fc from 'fast-check';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { Spool } from './spool.ts';
import { namelessFilesOf } from './testing/processes.ts';
import { refused } from './testing/read-all.ts';

async function newSpool(t: TestContext, maxBytes = 10_000_000) {
  const folder = temporaryFolder(t);
  const spool = await Spool.create(folder, maxBytes);
  t.after(() => spool.close());
  return { folder, spool };
}

test('gives back any part of what was added in any portions, while more is added', async (t) => {
  const { spool } = await newSpool(t, 2 ** 40);
  let model = Buffer.alloc(0);
  const portion = fc.oneof(fc.nat(300), fc.constantFrom(65_535, 65_536, 65_537, 200_000));
  await fc.assert(
    fc.asyncProperty(portion, fc.nat(), fc.nat(), async (bytes, from, length) => {
      const added = randomBytes(bytes);
      const at = model.length === 0 ? 0 : from % model.length;
      const size = Math.min(length % 150_000, model.length - at);
      const [read] = await Promise.all([spool.part(at, size).read(0, size), spool.append(added)]);
      assert.ok(read.equals(model.subarray(at, at + size)));
      model = Buffer.concat([model, added]);
      assert.equal(spool.size, model.length);
    }),
    { numRuns: 60, endOnFailure: true },
  );
  assert.ok((await spool.part(0, spool.size).read(0, spool.size)).equals(model));
});

test('the file has no name, and what is in it is noise', async (t) => {
  const { folder, spool } = await newSpool(t);
  await spool.append(Buffer.from('Jane Doe '.repeat(30_000)));
  assert.deepEqual(readdirSync(folder), []);
  const [path] = namelessFilesOf('self', folder);
  assert.ok(path);
  const raw = readFileSync(path);
  assert.ok(raw.length > 200_000);
  assert.ok(!raw.includes('Jane'));
});

test('the cap is exact, and what was there before it was met is still there', async (t) => {
  const { spool } = await newSpool(t, 100_000);
  await spool.append(Buffer.alloc(99_999, 1));
  await assert.rejects(spool.append(Buffer.alloc(2)), refused('TOO_LARGE'));
  await spool.append(Buffer.alloc(1, 2));
  await assert.rejects(spool.append(Buffer.alloc(1)), refused('TOO_LARGE'));
  assert.equal((await spool.part(99_999, 1).read(0, 1))[0], 2);
});

test('a part is as long as it is', async (t) => {
  const { spool } = await newSpool(t);
  await spool.append(Buffer.alloc(100));
  await assert.rejects(spool.part(10, 20).read(15, 6), refused('UNREADABLE'));
  await assert.rejects(spool.part(90, 20).read(0, 20), refused('UNREADABLE'));
  await assert.rejects(spool.part(0, 20).read(-1, 2), refused('UNREADABLE'));
});

test('what the disk changed is not given back', async (t) => {
  const { folder, spool } = await newSpool(t);
  await spool.append(Buffer.alloc(200_000, 1));
  const file = openSync(namelessFilesOf('self', folder)[0]!, 'r+');
  writeSync(file, Buffer.from('x'), 0, 1, 70_000);
  closeSync(file);
  await spool.part(0, 60_000).read(0, 60_000);
  await assert.rejects(spool.part(0, 70_000).read(0, 70_000), refused('UNREADABLE'));
});

test('a folder that is not there is an error that does not say its name', async (t) => {
  const folder = join(temporaryFolder(t), 'Jane');
  await assert.rejects(Spool.create(folder, 1), refused('UNREADABLE', 'Jane'));
});

test('a full disk is DISK_FULL', async (t) => {
  const folder = join(temporaryFolder(t), 'small');
  mkdirSync(folder);
  try {
    execFileSync('mount', ['-t', 'tmpfs', '-o', 'size=256k', 'none', folder], { stdio: 'ignore' });
  } catch {
    return t.skip('skipped: a small file system cannot be mounted here');
  }
  const spool = await Spool.create(folder, 10_000_000);
  try {
    await assert.rejects(spool.append(Buffer.alloc(1_000_000)), refused('DISK_FULL', folder));
  } finally {
    await spool.close();
    execFileSync('umount', [folder]);
  }
});
