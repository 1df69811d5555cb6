import assert from 'node:assert/strict';
import { after, before, test } from 'node:test';
import { compactVerify, importJWK } from 'jose';
import { itemsDigest, type PlainItem, wireItem } from '../../protocol/item-pack.ts';
import { certificateSchema, type DeletionOrder, deletionOrderSchema } from '../../protocol/withdrawal.ts';
import { publicKeyOf, verifyObjects } from '../index.ts';
import type { TestDevice } from '../testing/device.ts';
import { until } from '../testing/hub-world.ts';
import { ReceiverWorld } from '../testing/receiver-world.ts';

let world: ReceiverWorld;
let device: TestDevice;

before(async () => {
  world = await (await ReceiverWorld.make()).start();
  device = await world.device('dev-1');
});
after(async () => {
  await device.disconnect();
  await world.close();
});

test('an order erases the archive and the delta on it, is certified, and what comes later of the case is refused', async () => {
  const { transit, receipt } = world.settings.keys;
  const base = await device.seal(transit);
  await device.sendBatch(device.manifest([await device.uploaded(base)]));
  await until(() => device.receipts.length === 1, 'the first receipt');
  const delta = await device.seal(transit, { base: base.archiveId, bytes: 20_000, seed: 9 });
  await device.sendBatch(device.manifest([await device.uploaded(delta)]));
  await until(() => device.receipts.length === 2, 'the second receipt');

  const { archiveId, caseId, sha256, bytes } = base;
  const orderedAt = '2030-01-01T00:00:00.000Z';
  const order: DeletionOrder = { v: 1, order: 'withdraw', caseId, orderedAt, archives: [{ archiveId, sha256, bytes }] };
  const body = Buffer.from(JSON.stringify(deletionOrderSchema.parse(order)));
  const item: PlainItem = { id: 'itm-aaaaaaaaaa-1-0', kind: 'withdrawal', at: orderedAt, body };
  const items = { count: 1, sha256: itemsDigest([item]), inline: [wireItem(item)] };
  await device.sendBatch(device.manifest([], { items }));
  const certificates = () => device.acknowledged.flatMap((one) => ('certificate' in one ? [one.certificate] : []));
  await until(() => certificates().length === 1, 'the certificate');

  const { kid: _, ...key } = publicKeyOf(receipt);
  const { payload } = await compactVerify(certificates()[0] ?? '', await importJWK(key, 'ES256'));
  const certificate = certificateSchema.parse(JSON.parse(Buffer.from(payload).toString()));
  const expected = delta.base === undefined ? [archiveId] : [archiveId, delta.archiveId];
  assert.deepEqual(certificate.erased.map((one) => one.archiveId).toSorted(), expected.toSorted());
  const { differences } = await verifyObjects({ folder: world.folder, settings: world.settings });
  assert.deepEqual(differences, [], 'and the objects are gone');
  const found = await world.read((reader) => reader.caseById(caseId));
  assert.ok(found?.certificate && found.archives.every(({ withdrawnAt }) => withdrawnAt !== undefined));

  const again = await device.seal(transit, { caseId });
  await device.sendBatch(device.manifest([await device.uploaded(again)]));
  const refused = () => device.acknowledged.flatMap((one) => ('refused' in one ? [one.refused.code] : []));
  await until(() => refused().length === 1, 'a refusal');
  assert.deepEqual(refused(), ['CASE_WITHDRAWN']);

  // A device whose ledger was lost orders it again, as another item.
  const anew: PlainItem = { ...item, id: 'itm-bbbbbbbbbb-1-0' };
  const asked = { count: 1, sha256: itemsDigest([anew]), inline: [wireItem(anew)] };
  await device.sendBatch(device.manifest([], { items: asked }));
  await until(() => certificates().length === 2, 'the certificate again');
  assert.equal(certificates()[1], certificates()[0]);
});
