import assert from 'node:assert/strict';
import { readdir } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../core/log.ts';
import { testFolder } from '../testing/folder.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { BlobStore } from './blob-store.ts';

async function openStore(t: TestContext) {
  const folder = await testFolder(t);
  const clock = new ManualClock();
  const store = await BlobStore.open({ folder, clock, log: silentLog });
  t.after(() => store.close());
  const stage = async (name: string, id: string, text: string) => {
    await store.stage(name, id, await store.files.write(Readable.from([Buffer.from(text)]), { maxBytes: 100 }));
  };
  return { store, clock, stage, files: () => readdir(join(folder, 'blocks')) };
}

const properties = { headers: {}, metadata: {} };
const latest = (blockId: string) => ({ from: 'latest', blockId }) as const;

test('staged blocks of an upload that was given up go after their time; the others stay', async (t) => {
  const { store, clock, stage, files } = await openStore(t);
  await stage('old', 'AAAA', 'old');
  await stage('done', 'AAAA', 'done');
  await store.commit('done', [latest('AAAA')], properties, () => {});
  clock.advance(1000);
  await stage('still-going', 'AAAA', 'one');
  clock.advance(1000);
  await stage('still-going', 'BBBB', 'two');
  const border = new Date(clock.now().getTime() - 1500);
  assert.equal(await store.collectAbandoned(border), 1);
  assert.deepEqual(store.uncommittedBlocks('old'), []);
  assert.equal(store.uncommittedBlocks('still-going').length, 2);
  assert.equal((await files()).length, 3);
});

test('a refused commit changes nothing; a refused put leaves no file', async (t) => {
  const { store, stage, files } = await openStore(t);
  await stage('a', 'AAAA', 'first');
  const blob = await store.commit('a', [latest('AAAA')], properties, () => {});
  await stage('a', 'BBBB', 'second');
  const refuse = () => {
    throw new Error('no');
  };
  await assert.rejects(store.commit('a', [latest('BBBB')], properties, refuse));
  await assert.rejects(
    store.commit('a', [latest('CCCC')], properties, () => {}),
    { code: 'InvalidBlockList' },
  );
  await assert.rejects(
    store.commit('a', [{ from: 'committed', blockId: 'BBBB' }], properties, () => {}),
    { code: 'InvalidBlockList' },
  );
  const written = await store.files.write(Readable.from(['x']), { maxBytes: 10 });
  await assert.rejects(store.put('a', written, properties, refuse));
  assert.deepEqual(store.find('a'), blob);
  assert.equal(store.uncommittedBlocks('a').length, 1);
  assert.equal((await files()).length, 2);
});

test('a body that is too long, or breaks off, leaves no file', async (t) => {
  const { store, files } = await openStore(t);
  const long = Readable.from([Buffer.alloc(60), Buffer.alloc(60)]);
  await assert.rejects(store.files.write(long, { maxBytes: 100 }), { code: 'RequestBodyTooLarge' });
  const broken = Readable.from(
    (async function* () {
      yield Buffer.alloc(10);
      throw new Error('cut');
    })(),
  );
  await assert.rejects(store.files.write(broken, { maxBytes: 100 }), { message: 'cut' });
  assert.deepEqual(await files(), []);
});

test('overwriting keeps the time of creation and changes the etag', async (t) => {
  const { store, clock } = await openStore(t);
  const put = async () =>
    store.put('a', await store.files.write(Readable.from(['x']), { maxBytes: 10 }), properties, () => {});
  const first = await put();
  clock.advance(5000);
  const second = await put();
  assert.notEqual(first.etag, second.etag);
  assert.deepEqual(second.createdAt, first.createdAt);
  assert.deepEqual(second.modifiedAt, clock.now());
});
