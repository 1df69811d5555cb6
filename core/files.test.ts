import assert from 'node:assert/strict';
import { existsSync, mkdtempSync, readdirSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { eraseFile, isInside, makeFolder, sweepPartials, unlinkDurable, writeFileDurable } from './files.ts';

const folder = mkdtempSync(join(tmpdir(), 'vestibule-files-'));
after(() => rmSync(folder, { recursive: true }));

test('a durable write replaces the file whole, privately, and leaves nothing beside it', () => {
  const path = join(folder, 'state.json');
  writeFileDurable(path, 'one');
  writeFileDurable(path, Buffer.from('two'));
  assert.equal(readFileSync(path, 'utf8'), 'two');
  assert.equal(statSync(path).mode & 0o777, 0o600);
  assert.deepEqual(readdirSync(folder), ['state.json']);
});

test('a write that cannot be made leaves the old content', () => {
  const path = join(folder, 'no', 'such', 'folder');
  assert.throws(() => writeFileDurable(path, 'x'), { code: 'ENOENT' });
  assert.equal(existsSync(path), false);
});

test('leftovers of a killed write are swept, whole files stay', () => {
  writeFileSync(join(folder, 'state.json.123.partial'), 'half');
  assert.equal(sweepPartials(folder), 1);
  assert.deepEqual(readdirSync(folder), ['state.json']);
});

test('erasing and unlinking are fine with a file that is gone', () => {
  const path = join(folder, 'key');
  writeFileDurable(path, 'secret');
  eraseFile(path);
  eraseFile(path);
  unlinkDurable(path);
  assert.equal(existsSync(path), false);
});

test('isInside refuses whatever leaves the folder', () => {
  for (const name of ['../x', '/etc/passwd', '..', '', '.', 'a/../../x'])
    assert.equal(isInside(folder, name), false, name);
  for (const name of ['x', 'a/b', 'a/../b', '..x']) assert.equal(isInside(folder, name), true, name);
});

test('makeFolder makes a private folder and is fine when it is there', async () => {
  const path = join(folder, 'deep', 'er');
  await makeFolder(path);
  await makeFolder(path);
  assert.equal(statSync(path).mode & 0o777, 0o700);
});
