import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { open, seal } from '../core/envelope.ts';
import { KeyFolder } from './key-folder.ts';
import { openLocalKeys } from './local-keys.ts';

describe("the site's own keys", () => {
  let path: string;
  beforeEach(() => {
    path = mkdtempSync(join(tmpdir(), 'vestibule-keys-'));
  });
  afterEach(() => rmSync(path, { recursive: true }));

  test('are made once and found again', async () => {
    const first = await openLocalKeys(await KeyFolder.open(path));
    const again = await openLocalKeys(await KeyFolder.open(path));
    assert.deepEqual(again, first);
    assert.deepEqual([first.storage.secret.length, first.site.length], [32, 32]);
    assert.notDeepEqual(first.storage.secret, first.site);
    assert.ok(!('d' in first.hospital.publicKey), 'the public half is public only');
  });

  test('two starts at once end with the same keys', async () => {
    const folder = await KeyFolder.open(path);
    const [one, two] = await Promise.all([openLocalKeys(folder), openLocalKeys(folder)]);
    assert.deepEqual(one, two);
  });

  test('open the envelopes that were sealed for them', async () => {
    const { storage, hospital } = await openLocalKeys(await KeyFolder.open(path));
    const { kid, publicKey, privateKey } = hospital;
    const envelope = await seal(Buffer.from('data key'), [storage, { kid, publicKey }]);
    assert.equal(Buffer.from(await open(envelope, storage)).toString(), 'data key');
    assert.equal(Buffer.from(await open(envelope, { kid, privateKey })).toString(), 'data key');
  });

  test('a damaged key is refused and never replaced: what it sealed would be lost', async () => {
    const folder = await KeyFolder.open(path);
    await openLocalKeys(folder);
    for (const [name, content] of [
      ['storage.key', 'short'],
      ['site.key', ''],
      ['hospital.jwk', '{}'],
      ['hospital.jwk', 'not json'],
    ] as const) {
      const whole = folder.read(name)!;
      folder.replace(name, content);
      await assert.rejects(openLocalKeys(folder), { code: 'KEYS_DAMAGED' });
      assert.equal(String(folder.read(name)), content);
      folder.replace(name, whole);
    }
    await openLocalKeys(folder);
  });
});
