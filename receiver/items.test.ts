import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { after, before, test } from 'node:test';
import { sha256 } from '../core/digest.ts';
import { seal } from '../core/envelope.ts';
import type { Manifest, ManifestItems } from '../protocol/batch.ts';
import { itemsDigest, type PlainItem, sealItemBlob, wireItem } from '../protocol/item-pack.ts';
import type { Acknowledgement, Receipt } from '../protocol/receipt.ts';
import { publicKeyOf, verifyReceipt } from './index.ts';
import type { TestDevice } from './testing/device.ts';
import { until } from './testing/hub-world.ts';
import { ReceiverWorld } from './testing/receiver-world.ts';

let world: ReceiverWorld;
let device: TestDevice;

before(async () => {
  world = await (await ReceiverWorld.make({ blobPatienceMs: 1_500 })).start();
  device = await world.device('dev-1');
});
after(async () => {
  await device.disconnect();
  await world.close();
});

let segments = 0;

function someItems(bodies: readonly (string | Uint8Array)[], kind = 'telemetry'): PlainItem[] {
  segments += 1;
  const at = '2030-01-01T00:00:00.000Z';
  return bodies.map((body, n) => ({ id: `itm-aaaaaaaaaa-${segments}-${n}`, kind, at, body: Buffer.from(body) }));
}

const listOf = (items: readonly PlainItem[]) => ({ count: items.length, sha256: itemsDigest(items) });
const inline = (items: readonly PlainItem[]): ManifestItems => ({ ...listOf(items), inline: items.map(wireItem) });

async function sealed(items: readonly PlainItem[], change: (blob: Buffer) => Buffer = (blob) => blob) {
  const { kid, ...publicKey } = publicKeyOf(world.settings.keys.transit);
  const key = randomBytes(32);
  const bytes = change(sealItemBlob(items.map(wireItem), key));
  const blob = await device.upload(bytes, `${items[0]?.id}.items`);
  const keys = (await seal(key, [{ kid, publicKey }])) as NonNullable<ManifestItems['sealed']>['keys'];
  return { ...listOf(items), sealed: { blob, sha256: sha256(bytes), bytes: bytes.length, keys } };
}

async function answerTo(manifest: Manifest): Promise<Acknowledgement> {
  const before = device.acknowledged.length;
  await device.sendBatch(manifest);
  await until(() => device.acknowledged.length > before, 'an answer');
  return device.acknowledged.at(-1) ?? assert.fail();
}

async function receiptFor(items: ManifestItems): Promise<Receipt> {
  const answer = await answerTo(device.manifest([], { items }));
  assert.ok('receipt' in answer, JSON.stringify(answer));
  return (await verifyReceipt(answer.receipt, [publicKeyOf(world.settings.keys.receipt)])) ?? assert.fail();
}

async function refusalFor(items: ManifestItems): Promise<string> {
  const answer = await answerTo(device.manifest([], { items }));
  return 'refused' in answer ? answer.refused.code : assert.fail('it was not refused');
}

const stored = (ids: readonly string[]) =>
  world.read(async (reader) => (await reader.items()).filter(({ id }) => ids.includes(id)));

test('items in the manifest are stored as they were given, and the receipt names their list', async () => {
  const items = someItems(['{"n":1}', 'grün', Uint8Array.of(0, 255)]);
  const receipt = await receiptFor(inline(items));
  assert.deepEqual([receipt.items, receipt.archives, receipt.bytes], [listOf(items), [], 0]);
  for (const { id, body, kind, at } of items) {
    const [row] = await stored([id]);
    assert.deepEqual([row?.kind, row?.at, row?.sha256, row?.bytes], [kind, at, sha256(body), body.length]);
    const found = await world.read((reader) => reader.itemBody('dev-1', id));
    assert.deepEqual(Buffer.from(found ?? ''), Buffer.from(body));
  }
});

test('a thousand items in one sealed blob are stored with one receipt', async () => {
  const items = someItems(Array.from({ length: 1000 }, (_, n) => `{"n":${n}}`));
  const receipt = await receiptFor(await sealed(items));
  assert.equal(receipt.items?.count, 1000);
  assert.equal((await stored(items.map(({ id }) => id))).length, 1000);
});

test('the same batch has the same receipt, and an item that comes in two batches is stored once', async () => {
  const items = someItems(['one', 'two']);
  const manifest = device.manifest([], { items: inline(items) });
  const first = await answerTo(manifest);
  assert.deepEqual(await answerTo(manifest), first);
  const again = await receiptFor(inline(items));
  assert.deepEqual(again.items, listOf(items));
  assert.equal((await stored(items.map(({ id }) => id))).length, 2);
});

test('an item of an unknown kind, or under a known id with another body, is refused alone', async () => {
  const [good, other] = someItems(['good', 'other']);
  const [strange] = someItems(['strange'], 'of-a-later-release');
  assert.ok(good && other && strange);
  await receiptFor(inline([other]));
  const changed = { ...other, body: Buffer.from('changed') };
  const receipt = await receiptFor(inline([good, strange, changed]));
  assert.deepEqual(receipt.items?.refused, [
    { id: strange.id, code: 'KIND_UNKNOWN' },
    { id: changed.id, code: 'ITEM_ID_REUSED' },
  ]);
  assert.deepEqual(
    (await stored([good.id, strange.id, other.id])).map(({ id }) => id).toSorted(),
    [good.id, other.id].toSorted(),
  );
  assert.equal((await stored([other.id]))[0]?.sha256, sha256('other'));
});

test('more refused items than a receipt can name refuse the batch, which then comes in parts', async () => {
  assert.equal(
    await refusalFor(
      inline(
        someItems(
          Array.from({ length: 65 }, () => 'x'),
          'unheard-of',
        ),
      ),
    ),
    'ITEMS_REFUSED',
  );
});

test('a list that is not the promised one, and a blob that is not, are refused as a whole', async () => {
  const items = someItems(['a', 'b']);
  assert.equal(await refusalFor({ ...inline(items), sha256: sha256('another list') }), 'ITEMS_MISMATCH');
  assert.equal(await refusalFor({ ...inline(items), count: 3 }), 'ITEMS_MISMATCH');
  const twice = [...items, ...items];
  assert.equal(await refusalFor(inline(twice)), 'ITEMS_MISMATCH');
  const flipped = await sealed(items, (blob) => Buffer.concat([blob.subarray(0, -1), Buffer.from([0])]));
  assert.equal(await refusalFor(flipped), 'ITEMS_UNREADABLE');
  const good = await sealed(items);
  assert.equal(await refusalFor({ ...good, sealed: { ...good.sealed, sha256: sha256('x') } }), 'DIGEST_MISMATCH');
  const foreign = { ...good.sealed, blob: 'dev-2/x.items' };
  assert.equal(await refusalFor({ ...good, sealed: foreign }), 'FOREIGN_BLOB');
  assert.deepEqual(await stored(items.map(({ id }) => id)), []);
});
