import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { appendFileSync, mkdirSync, mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { passAlways } from '../core/gate-flag.ts';
import { CartoError } from './error.ts';
import { openFolder } from './folder.ts';
import { contentOf } from './pieces.ts';

function tempFolder(): { readonly path: string; [Symbol.dispose](): void } {
  const path = mkdtempSync(join(tmpdir(), 'carto-folder-'));
  return { path, [Symbol.dispose]: () => rmSync(path, { recursive: true, force: true }) };
}

const refused = (code: string) => (error: unknown) => error instanceof CartoError && error.code === code;

test('lists files in a stable order and reads them in pieces of at most 256 KiB', async () => {
  using folder = tempFolder();
  const large = Buffer.alloc(600_000, 'x');
  mkdirSync(join(folder.path, 'b'));
  writeFileSync(join(folder.path, 'b/large.txt'), large);
  writeFileSync(join(folder.path, 'a.txt'), 'hello');
  const source = await openFolder(folder.path, passAlways);
  assert.deepEqual(
    source.files.map((file) => file.path),
    ['a.txt', 'b/large.txt'],
  );
  const [, file] = source.files;
  assert.ok(file);
  const pieces: Uint8Array[] = [];
  for await (const piece of file.open()) pieces.push(piece);
  assert.ok(pieces.every((piece) => piece.length <= 256 * 1024));
  assert.deepEqual(Buffer.concat(pieces), large);
  assert.equal(file.bytes, large.length);
});

test('links and special files are not followed but counted', async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, 'a.txt'), 'a');
  symlinkSync('/etc/passwd', join(folder.path, 'link.txt'));
  symlinkSync(folder.path, join(folder.path, 'loop'));
  execFileSync('mkfifo', [join(folder.path, 'pipe')]);
  const source = await openFolder(folder.path, passAlways);
  assert.deepEqual(
    source.files.map((file) => file.path),
    ['a.txt'],
  );
  assert.deepEqual(source.leftOut, [
    { kind: 'link', count: 2 },
    { kind: 'special', count: 1 },
  ]);
});

test('a name that is not UTF-8 is read as Windows-1252 and still opens', async () => {
  using folder = tempFolder();
  writeFileSync(Buffer.concat([Buffer.from(`${folder.path}/M`), Buffer.of(0xfc), Buffer.from('ller.txt')]), 'inside');
  const { files } = await openFolder(folder.path, passAlways);
  assert.deepEqual(
    files.map((file) => file.path),
    ['Müller.txt'],
  );
  assert.equal((await contentOf(files[0]!, passAlways)).toString(), 'inside');
});

test('two names that differ only in how an accent is composed: one is left out', async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, 'ä.txt'.normalize('NFC')), '1');
  writeFileSync(join(folder.path, 'ä.txt'.normalize('NFD')), '2');
  const source = await openFolder(folder.path, passAlways);
  assert.equal(source.files.length, 1);
  assert.deepEqual(source.leftOut, [{ kind: 'ambiguous-name', count: 1 }]);
});

test('every cap ends with TOO_LARGE', async () => {
  using folder = tempFolder();
  mkdirSync(join(folder.path, 'x/y'), { recursive: true });
  for (const name of ['1', '2', 'x/3', 'x/y/4']) writeFileSync(join(folder.path, name), 'abcdef');
  for (const limits of [{ maxEntries: 5 }, { maxTotalBytes: 23 }, { maxFileBytes: 5 }, { maxDepth: 1 }]) {
    await assert.rejects(openFolder(folder.path, passAlways, limits), refused('TOO_LARGE'), JSON.stringify(limits));
  }
  const exact = { maxEntries: 6, maxTotalBytes: 24, maxFileBytes: 6, maxDepth: 2 };
  assert.equal((await openFolder(folder.path, passAlways, exact)).files.length, 4);
});

test('a file that changed since it was listed is not read', async () => {
  using folder = tempFolder();
  const path = join(folder.path, 'a.txt');
  writeFileSync(path, 'abc');
  const { files } = await openFolder(folder.path, passAlways);
  appendFileSync(path, 'more');
  await assert.rejects(contentOf(files[0]!, passAlways), refused('UNREADABLE'));
  rmSync(path);
  symlinkSync('/etc/hostname', path);
  await assert.rejects(contentOf(files[0]!, passAlways), refused('UNREADABLE'));
});

test('a folder that is not there is unreadable, and the error does not say its name', async () => {
  using folder = tempFolder();
  const missing = join(folder.path, 'Jane-Doe');
  await assert.rejects(openFolder(missing, passAlways), (error) => {
    assert.ok(refused('UNREADABLE')(error));
    assert.doesNotMatch(`${error} ${JSON.stringify(error)} ${(error as Error).stack}`, /Jane/);
    return true;
  });
});

test('a checkpoint that refuses stops the listing and the reading where they are', async () => {
  using folder = tempFolder();
  writeFileSync(join(folder.path, 'a.txt'), Buffer.alloc(1_000_000));
  let left = Number.POSITIVE_INFINITY;
  const checkpoint = async () => {
    left--;
    if (left < 0) throw new Error('closed');
  };
  const { files } = await openFolder(folder.path, checkpoint);
  left = 3;
  let bytes = 0;
  await assert.rejects(async () => {
    for await (const piece of files[0]!.open()) bytes += piece.length;
  }, /closed/);
  assert.ok(bytes > 0 && bytes <= 2 * 256 * 1024, `${bytes} bytes were read`);
  left = 1;
  await assert.rejects(openFolder(folder.path, checkpoint), /closed/);
});
