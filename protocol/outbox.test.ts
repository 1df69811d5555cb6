import assert from 'node:assert/strict';
import { test } from 'node:test';
import { manifestSchema } from './batch.ts';
import { itemClassOf, itemIdSchema, itemKinds, kindsOf, urgency } from './outbox.ts';
import { receiptSchema } from './receipt.ts';

const digest = 'a'.repeat(64);
const keys = {
  ...{ protected: 'p', iv: 'i', ciphertext: 'c', tag: 't' },
  recipients: [{ header: { alg: 'ECDH-ES+A256KW' as const, kid: 'transit-1' }, encrypted_key: 'k' }],
};
const archive = {
  ...{ archiveId: `arc-${'a'.repeat(20)}`, caseId: `case-${'a'.repeat(20)}`, tier: 'review' as const, sha256: digest },
  ...{ bytes: 1, files: 1, blob: 'site-1/a.case', keys, study: { maps: 1, points: 2, lesions: 3 } },
};
const item = { id: `itm-${'b'.repeat(10)}-1-0`, kind: 'log', at: '2030-01-01T00:00:00Z', body: 'x' };
const frame = { v: 1 as const, batch: `bat-${'c'.repeat(20)}`, device: 'site-1', createdAt: '2030-01-01T00:00:00Z' };
const items = { count: 1, sha256: digest };
const sealed = { blob: 'site-1/b.items', sha256: digest, bytes: 10, keys };

test('a manifest of archives alone is what it was before there were items, to the byte', () => {
  const text = JSON.stringify({ ...frame, archives: [archive] });
  assert.equal(JSON.stringify(manifestSchema.parse(JSON.parse(text))), text);
});

test('a manifest has something in it, and its items in one place', () => {
  const accepts = (more: object) => manifestSchema.safeParse({ ...frame, ...more }).success;
  assert.ok(accepts({ archives: [], items: { ...items, inline: [item] } }));
  assert.ok(accepts({ archives: [], items: { ...items, sealed } }));
  assert.ok(accepts({ archives: [archive], items: { ...items, inline: [item] } }));
  assert.ok(!accepts({ archives: [] }));
  assert.ok(!accepts({ archives: [], items }));
  assert.ok(!accepts({ archives: [], items: { ...items, inline: [item], sealed } }));
  assert.ok(accepts({ archives: [], items: { ...items, inline: [{ ...item, kind: 'of-a-later-release' }] } }));
});

test('a receipt for archives alone is what it was before there were items, to the byte', () => {
  const { batch, device } = frame;
  const rest = { bytes: 1, previous: null, storedAt: '2030-01-01T00:00:00Z', durability: 'fsync' };
  const archives = [{ archiveId: archive.archiveId, sha256: digest, bytes: 1 }];
  const text = JSON.stringify({ v: 1, batch, device, archives, ...rest });
  assert.equal(JSON.stringify(receiptSchema.parse(JSON.parse(text))), text);
  const accepts = (more: object) => receiptSchema.safeParse({ v: 1, batch, device, ...rest, ...more }).success;
  assert.ok(accepts({ archives: [], items, bytes: 0 }));
  assert.ok(accepts({ archives: [], items: { ...items, refused: [{ id: item.id, code: 'KIND_UNKNOWN' }] }, bytes: 0 }));
  assert.ok(!accepts({ archives: [], bytes: 0 }));
});

test('every kind has a class, every class of items has a kind, and safety comes first', () => {
  const classes = urgency.filter((each) => each !== 'review' && each !== 'study');
  assert.deepEqual(new Set(classes.flatMap(kindsOf)), new Set(itemKinds));
  assert.ok(classes.every((each) => kindsOf(each).length > 0));
  assert.equal(urgency[0], 'safety');
  assert.equal(itemClassOf.withdrawal, 'safety');
  assert.equal(itemClassOf.telemetry, 'log');
});

test('an id of an item is of one form', () => {
  assert.ok(itemIdSchema.safeParse(item.id).success);
  for (const id of ['itm-x-1-0', `itm-${'b'.repeat(10)}-1`, `arc-${'b'.repeat(10)}-1-0`, `${item.id} `]) {
    assert.ok(!itemIdSchema.safeParse(id).success, id);
  }
});
