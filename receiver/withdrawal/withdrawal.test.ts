import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { compactVerify, decodeProtectedHeader, importJWK } from 'jose';
import { newId } from '../../protocol/ids.ts';
import { itemsDigest, type PlainItem, wireItem } from '../../protocol/item-pack.ts';
import type { Receipt } from '../../protocol/receipt.ts';
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

const at = '2030-01-01T00:00:00.000Z';
let items = 0;
const itemOf = (kind: string, body: string): PlainItem => ({
  id: `itm-ffffffffff-${++items}-0`,
  kind,
  at,
  body: Buffer.from(body),
});
const findingsOf = (caseId: string, mark: string) =>
  itemOf('findings', JSON.stringify({ v: 1, caseId, findings: { anatomy: mark } }));
const orderOf = (caseId: string) =>
  itemOf('withdrawal', JSON.stringify({ v: 1, order: 'withdraw', caseId, orderedAt: at, archives: [] }));

async function send(...list: readonly PlainItem[]): Promise<Receipt> {
  const inline = { count: list.length, sha256: itemsDigest(list), inline: list.map(wireItem) };
  const manifest = device.manifest([], { items: inline });
  const received = () =>
    device.receipts
      .map((jws) => JSON.parse(Buffer.from(jws.split('.')[1] ?? '', 'base64url').toString()) as Receipt)
      .find(({ batch }) => batch === manifest.batch);
  await device.sendBatch(manifest);
  await until(() => received() !== undefined, 'the receipt');
  return received() ?? assert.fail();
}

/** Files of the receiver that hold a text, as it is or at any place of a base64 text, as events are. */
function filesWith(text: string): readonly string[] {
  const shapes = [0, 1, 2].map((shift) => {
    const coded = Buffer.from(`${' '.repeat(shift)}${text}`).toString('base64url');
    return coded.slice(shift === 0 ? 0 : 4, Math.floor(coded.length / 4) * 4 - 4);
  });
  return readdirSync(world.folder, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name))
    .filter((path) => [text, ...shapes].some((shape) => readFileSync(path).includes(shape)));
}

test('findings go with their case, whether they come before the order, with it or after it; those of others stay', async () => {
  const certified = () => device.acknowledged.flatMap((one) => ('certificate' in one ? [one.certificate] : []));
  const findings = () => world.read((reader) => reader.items({ kind: 'findings' }));
  const [before, along, late, kept] = [0, 1, 2, 3].map(() => randomBytes(30).toString('hex')) as [
    string,
    string,
    string,
    string,
  ];
  const [caseId, other] = [newId('case'), newId('case')];
  const others = findingsOf(other, kept);
  await send(findingsOf(caseId, before), others, itemOf('findings', 'of no case'));
  assert.equal((await findings()).length, 3);
  assert.ok(filesWith(before).length > 0);
  const count = certified().length;
  await send(findingsOf(caseId, along), orderOf(caseId));
  await until(() => certified().length > count, 'the certificate');
  const certificate = certified().at(-1) ?? '';
  assert.equal(decodeProtectedHeader(certificate).findings, 2);
  assert.deepEqual([filesWith(before), filesWith(along)], [[], []], 'gone when it is certified');

  const again = findingsOf(caseId, late);
  const receipt = await send(again, findingsOf(other, kept));
  assert.deepEqual(receipt.items?.refused, [{ id: again.id, code: 'CASE_WITHDRAWN' }]);
  await until(() => filesWith(late).length === 0, 'what came too late to be forgotten');
  assert.equal((await findings()).length, 3);
  const body = await world.read((reader) => reader.itemBody('dev-1', others.id));
  assert.ok(String(Buffer.from(body ?? '')).includes(kept));
});
