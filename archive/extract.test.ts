import assert from 'node:assert/strict';
import { existsSync, mkdirSync, readdirSync, readFileSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { buildArchive } from './build.ts';
import { extractArchive } from './extract.ts';
import { type ArchiveReader, openArchive } from './reader.ts';
import { entryOf, forge, indexOf } from './testing/forgery.ts';
import { mixedFiles, noise, orderOf, secretKey, tempFolder } from './testing/studies.ts';

async function openSample(folder: string, names: readonly string[]): Promise<ArchiveReader> {
  const files = names.map((name, n) => ({ name, pieces: [noise(5000, n + 1)] }));
  return openArchive((await buildArchive(orderOf(folder, files))).path, secretKey);
}

function emptyFolder(parent: string, name = 'out'): string {
  mkdirSync(join(parent, name));
  return join(parent, name);
}

test('writes every file out, byte for byte', async () => {
  using folder = tempFolder();
  const files = mixedFiles();
  const inputs = files.map(({ name, kind, bytes }) => ({ name, kind, pieces: [bytes] }));
  const reader = await openArchive((await buildArchive(orderOf(folder.path, inputs))).path, secretKey);
  const out = emptyFolder(folder.path);
  let checkpoints = 0;
  const extracted = await extractArchive(reader, out, async () => {
    checkpoints += 1;
  });
  reader.close();
  const total = files.reduce((sum, { bytes }) => sum + bytes.length, 0);
  assert.deepEqual(extracted, { files: files.length, bytes: total });
  for (const { name, bytes } of files) assert.ok(readFileSync(join(out, name)).equals(bytes), name);
  assert.equal(readdirSync(join(out, 'map-1')).length, files.length - 1);
  assert.ok(checkpoints >= 2 * (files.length - 1));
});

test('never replaces a file', async () => {
  using folder = tempFolder();
  const reader = await openSample(folder.path, ['a', 'b']);
  const out = emptyFolder(folder.path);
  writeFileSync(join(out, 'b'), 'mine');
  await assert.rejects(extractArchive(reader, out), { code: 'EEXIST' });
  assert.equal(readFileSync(join(out, 'b'), 'utf8'), 'mine');
  reader.close();
});

test('follows no link that lies in the folder', async () => {
  using folder = tempFolder();
  const elsewhere = emptyFolder(folder.path, 'elsewhere');
  const reader = await openSample(folder.path, ['sub/deep/a']);
  for (const link of ['sub', 'sub/deep', 'sub/deep/a']) {
    const out = emptyFolder(folder.path, `out-${link.replaceAll('/', '-')}`);
    mkdirSync(join(out, link, '..'), { recursive: true });
    symlinkSync(link.endsWith('a') ? join(elsewhere, 'a') : elsewhere, join(out, link));
    await assert.rejects(extractArchive(reader, out), (error: { code?: string }) =>
      ['UNSAFE_NAME', 'EEXIST'].includes(error.code ?? ''),
    );
    assert.deepEqual(readdirSync(elsewhere), [], link);
  }
  reader.close();
});

test('refuses unsafe names itself, whatever the reader let through', async () => {
  using folder = tempFolder();
  const sample = await openSample(folder.path, ['a']);
  const out = emptyFolder(folder.path);
  for (const name of ['../escaped', `${folder.path}/escaped`, 'a/../../escaped']) {
    const files = sample.files.map((file) => ({ ...file, name }));
    const lax: ArchiveReader = { ...sample, files, read: () => sample.read('a'), close: () => {} };
    await assert.rejects(extractArchive(lax, out), { code: 'UNSAFE_NAME' });
  }
  assert.ok(!existsSync(join(folder.path, 'escaped')));
  sample.close();
});

test('a file whose digest differs is taken back, those before it stay', async () => {
  using folder = tempFolder();
  const bytes = noise(1000);
  const { path, envelope } = await forge(folder.path, [bytes], (identity) =>
    indexOf(identity, [entryOf('good', bytes), { ...entryOf('bad', noise(1000, 2)) }]),
  );
  const reader = await openArchive(path, secretKey, envelope);
  const out = emptyFolder(folder.path);
  await assert.rejects(extractArchive(reader, out), { code: 'DAMAGED' });
  assert.deepEqual(readdirSync(out), ['good']);
  reader.close();
});

test('a checkpoint that rejects stops it and leaves no half file', async () => {
  using folder = tempFolder();
  const reader = await openSample(folder.path, ['a', 'b', 'c']);
  const out = emptyFolder(folder.path);
  const stop = new Error('stop');
  let left = 4;
  const checkpoint = async () => {
    left -= 1;
    if (left === 0) throw stop;
  };
  await assert.rejects(extractArchive(reader, out, checkpoint), (error) => error === stop);
  assert.deepEqual(readdirSync(out), ['a']);
  reader.close();
});
