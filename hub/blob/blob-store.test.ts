import assert from 'node:assert/strict';
import { readdir, rm, truncate, unlink } from 'node:fs/promises';
import { join } from 'node:path';
import { Readable } from 'node:stream';
import { type TestContext, test } from 'node:test';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { ManualClock } from '../testing/manual-clock.ts';
import { BlobStore } from './blob-store.ts';
import type { BlockRow } from './schema.ts';

async function openStore(t: TestContext) {
  const folder = temporaryFolder(t);
  const clock = new ManualClock();
  const store = await BlobStore.open({ folder, clock, log: silentLog });
  t.after(() => store.close());
  const stage = async (name: string, id: string, text: string) => {
    await store.stage(name, id, await store.files.write(Readable.from([Buffer.from(text)]), { maxBytes: 100 }));
  };
  const pathOf = (file = 'none') => join(folder, 'blocks', file);
  return {
    ...{ store, clock, stage, folder },
    files: () => readdir(join(folder, 'blocks')),
    unlink: (file: string | undefined) => unlink(pathOf(file)),
    truncate: (file: string | undefined) => truncate(pathOf(file), 1),
    /** The files of the staged blocks, in the order of the ids. */
    waiting: (name: string) =>
      (
        store.database.prepare('SELECT file FROM uncommitted WHERE blob = ? ORDER BY block_id').all(name) as BlockRow[]
      ).map(({ file }) => file),
  };
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

test('a blob goes with its files once its time is over; younger ones and staged blocks stay', async (t) => {
  const { store, clock, stage, files } = await openStore(t);
  const commit = async (name: string) => {
    await stage(name, 'AAAA', name);
    await store.commit(name, [latest('AAAA')], properties, () => {});
  };
  await commit('old');
  clock.advance(2000);
  await commit('young');
  await stage('waiting', 'AAAA', 'waiting');
  assert.equal(await store.collectOld(new Date(clock.now().getTime() - 1000)), 1);
  assert.equal(store.find('old'), undefined);
  assert.ok(store.find('young'));
  assert.equal((await files()).length, 2);
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

test('what lost its bytes on disk is forgotten: staged blocks one by one, a blob as a whole', async (t) => {
  const { store, stage, files, unlink, truncate, waiting } = await openStore(t);
  await stage('whole', 'AAAA', 'one');
  await store.commit('whole', [latest('AAAA')], properties, () => {});
  const [kept] = await files();
  for (const id of ['AAAA', 'BBBB']) await stage('broken', id, 'two');
  await store.commit('broken', [latest('AAAA'), latest('BBBB')], properties, () => {});
  for (const id of ['CCCC', 'DDDD', 'EEEE']) await stage('broken', id, 'three');
  const [inBlob] = store.chain('broken');
  await unlink(inBlob?.file);
  const staged = waiting('broken');
  await unlink(staged[0]);
  await truncate(staged[2]);
  await store.inspect('broken');
  assert.equal(store.find('broken'), undefined);
  assert.deepEqual(
    store.uncommittedBlocks('broken').map(({ blockId }) => blockId),
    ['DDDD'],
  );
  assert.deepEqual((await files()).toSorted(), [kept, staged[1]].toSorted(), 'nothing is left of what was forgotten');
  await store.inspect('whole');
  assert.equal(store.find('whole')?.bytes, 3);
});

test('a commit that counts on a lost block is refused, so that the block is staged again', async (t) => {
  const { store, stage, unlink, waiting } = await openStore(t);
  for (const id of ['AAAA', 'BBBB']) await stage('a', id, 'text');
  await unlink(waiting('a')[0]);
  const list = [latest('AAAA'), latest('BBBB')];
  await assert.rejects(
    store.commit('a', list, properties, () => {}),
    { code: 'InvalidBlockList' },
  );
  await stage('a', 'AAAA', 'text');
  assert.equal((await store.commit('a', list, properties, () => {})).bytes, 8);
});

test('a body whose file cannot be written is left readable, and the folder is made again', async (t) => {
  const { store, folder, files } = await openStore(t);
  await rm(join(folder, 'blocks'), { recursive: true });
  const endless = new Readable({
    read() {
      this.push(Buffer.alloc(1000));
    },
  });
  await assert.rejects(store.files.write(endless, { maxBytes: 1_000_000_000 }), { code: 'ServerBusy' });
  assert.equal(endless.destroyed, false, 'a destroyed request could not be answered');
  await store.files.write(Readable.from([Buffer.alloc(30)]), { maxBytes: 100 });
  assert.equal((await files()).length, 1);
});
