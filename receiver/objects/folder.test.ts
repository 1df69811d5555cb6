import assert from 'node:assert/strict';
import { mkdtempSync, readFileSync, rmSync, statSync, writeFileSync } from 'node:fs';
import { readdir } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { test } from 'node:test';
import { sha256 } from '../../core/digest.ts';
import { FolderObjects } from './folder.ts';

const content = Buffer.from('an object of the store, in two pieces');

async function* pieces(bytes: Uint8Array): AsyncGenerator<Uint8Array> {
  yield bytes.subarray(0, 7);
  yield bytes.subarray(7);
}

const order = (bytes: Uint8Array, more: object = {}) => ({
  ...{ sha256: sha256(bytes), bytes: bytes.length, prove: async () => {} },
  ...more,
});

async function withStore(use: (store: FolderObjects, folder: string) => Promise<void>): Promise<void> {
  const folder = mkdtempSync(join(tmpdir(), 'vestibule-objects-'));
  try {
    await use(await FolderObjects.open(folder, 0), folder);
  } finally {
    rmSync(folder, { recursive: true });
  }
}

test('an object is found under its digest, read-only, after it was proved', async () => {
  await withStore(async (store) => {
    let proved = '';
    const prove = async (path: string) => {
      proved = readFileSync(path, 'utf8');
      assert.equal(await store.has(sha256(content)), false, 'not visible before it is proved');
    };
    await store.put(order(content, { prove }), pieces(content));
    assert.equal(proved, content.toString());
    const path = await store.open(sha256(content));
    assert.deepEqual(readFileSync(path), content);
    assert.equal(statSync(path).mode & 0o777, 0o400);
    assert.deepEqual(await store.list(), [sha256(content)]);
    await store.remove(sha256(content));
    await store.remove(sha256(content));
    await assert.rejects(store.open(sha256(content)), { code: 'OBJECT_MISSING' });
  });
});

test('bytes that are not the promised ones are not kept: too few, too many, others', async () => {
  await withStore(async (store, folder) => {
    const other = Buffer.from(content).reverse();
    for (const given of [content.subarray(1), Buffer.concat([content, content]), other]) {
      await assert.rejects(store.put(order(content), pieces(given)), { code: 'DIGEST_MISMATCH' });
    }
    assert.deepEqual(await store.list(), []);
    assert.deepEqual(await readdir(join(folder, 'incoming')), []);
  });
});

test('more than promised is not even written', async () => {
  await withStore(async (store) => {
    let asked = 0;
    async function* endless(): AsyncGenerator<Uint8Array> {
      for (;;) {
        asked++;
        yield content;
      }
    }
    await assert.rejects(store.put(order(content), endless()), { code: 'DIGEST_MISMATCH' });
    assert.equal(asked, 2);
  });
});

test('what breaks on the way, or is not proved, leaves nothing', async () => {
  await withStore(async (store, folder) => {
    async function* broken(): AsyncGenerator<Uint8Array> {
      yield content.subarray(0, 7);
      throw new Error('reset');
    }
    await assert.rejects(store.put(order(content), broken()), /reset/);
    const prove = async () => {
      throw new Error('not an archive');
    };
    await assert.rejects(store.put(order(content, { prove }), pieces(content)), /not an archive/);
    assert.deepEqual(await store.list(), []);
    assert.deepEqual(await readdir(join(folder, 'incoming')), []);
  });
});

test('leftovers of killed writes are swept, objects are not', async () => {
  await withStore(async (store, folder) => {
    await store.put(order(content), pieces(content));
    writeFileSync(join(folder, 'incoming', 'x.partial'), 'half');
    assert.equal(await store.sweep(), 1);
    assert.equal(await store.sweep(), 0);
    assert.deepEqual(await store.list(), [sha256(content)]);
  });
});

test('the reserve of the disk is left alone', async () => {
  await withStore(async (_store, folder) => {
    const store = new FolderObjects(folder, Number.MAX_SAFE_INTEGER);
    await assert.rejects(store.put(order(content), pieces(content)), { code: 'DISK_FULL' });
  });
});
