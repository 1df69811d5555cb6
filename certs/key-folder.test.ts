import assert from 'node:assert/strict';
import { chmodSync, mkdtempSync, readdirSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { KeyFolder } from './key-folder.ts';

describe('the key folder', () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'vestibule-keys-'));
  });
  afterEach(() => rmSync(path, { recursive: true }));

  const modeOf = (name: string) => statSync(join(path, name)).mode & 0o777;

  test('is private, also when it was found open to all', async () => {
    chmodSync(path, 0o755);
    const folder = await KeyFolder.open(path);
    folder.replace('a', 'x');
    folder.create('b', 'y');
    assert.deepEqual([modeOf('.'), modeOf('a'), modeOf('b')], [0o700, 0o600, 0o600]);
  });

  test('creates once: the second writer is told, and the first content stays', async () => {
    const folder = await KeyFolder.open(path);
    assert.equal(folder.create('key', 'first'), true);
    assert.equal(folder.create('key', 'second'), false);
    assert.equal(String(folder.read('key')), 'first');
    assert.deepEqual(readdirSync(path), ['key'], 'nothing is left of the second');
  });

  test('sweeps what a killed writer left, and nothing else', async () => {
    writeFileSync(join(path, 'key.123.partial'), 'half');
    writeFileSync(join(path, 'key.123.new.partial.123.partial'), 'half');
    writeFileSync(join(path, 'key'), 'whole');
    await KeyFolder.open(path);
    assert.deepEqual(readdirSync(path), ['key']);
  });

  test('moves in one step, erases, and reads what is not there as nothing', async () => {
    const folder = await KeyFolder.open(path);
    folder.replace('new', 'n');
    folder.replace('old', 'o');
    folder.move('new', 'old');
    assert.equal(String(folder.read('old')), 'n');
    assert.equal(folder.read('new'), undefined);
    folder.erase('old');
    folder.erase('old');
    assert.equal(folder.read('old'), undefined);
  });

  test('a file that cannot be read is not taken for one that is not there', async () => {
    const folder = await KeyFolder.open(path);
    await KeyFolder.open(join(path, 'key'));
    assert.throws(() => folder.read('key'), { code: 'KEYS_DAMAGED' });
  });
});
