import assert from 'node:assert/strict';
import { readFileSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { noise, table } from '../archive/testing/studies.ts';
import { sha256 } from '../core/digest.ts';
import type { Manifest } from '../protocol/batch.ts';
import { cloudCaseSchema } from '../protocol/documents.ts';
import { newId } from '../protocol/ids.ts';
import type { Receipt } from '../protocol/receipt.ts';
import { exportCase, publicKeyOf, verifyObjects, verifyReceipt } from './index.ts';
import { signManifest, type TestDevice } from './testing/device.ts';
import { until } from './testing/hub-world.ts';
import { ReceiverWorld } from './testing/receiver-world.ts';

let world: ReceiverWorld;
let device: TestDevice;

before(async () => {
  world = await (await ReceiverWorld.make({ maxArchiveBytes: 500_000, blobPatienceMs: 1_500 })).start();
  device = await world.device('dev-1');
});
after(async () => {
  await device.disconnect();
  await world.close();
});

const transit = () => world.settings.keys.transit;

async function withDevice(deviceId: string, use: (other: TestDevice) => Promise<void>): Promise<void> {
  const other = await world.device(deviceId);
  try {
    await use(other);
  } finally {
    await other.disconnect();
  }
}

async function nextAnswer(from: TestDevice, use: () => Promise<void>) {
  const before = from.acknowledged.length;
  await use();
  await until(() => from.acknowledged.length > before, 'an answer');
  const [answer] = from.acknowledged.slice(before);
  return answer as NonNullable<typeof answer>;
}

async function receiptOf(from: TestDevice, manifest: Manifest): Promise<{ jws: string; receipt: Receipt }> {
  const answer = await nextAnswer(from, () => from.sendBatch(manifest));
  assert.ok('receipt' in answer, JSON.stringify(answer));
  const receipt = await verifyReceipt(answer.receipt, [publicKeyOf(world.settings.keys.receipt)]);
  assert.ok(receipt);
  return { jws: answer.receipt, receipt };
}

async function refusalOf(from: TestDevice, manifest: Manifest): Promise<string> {
  const answer = await nextAnswer(from, () => from.sendBatch(manifest));
  assert.ok('refused' in answer, 'a refusal');
  assert.equal(answer.refused.batch, manifest.batch);
  return answer.refused.code;
}

test('a batch becomes objects, a catalogue entry and a receipt, each with the same digests', async () => {
  const caseId = newId('case');
  const review = await device.seal(transit(), { caseId, tier: 'review' });
  const study = await device.seal(transit(), { caseId, tier: 'study' });
  const manifest = device.manifest([await device.uploaded(review), await device.uploaded(study)]);
  const { jws, receipt } = await receiptOf(device, manifest);
  assert.equal(receipt.device, 'dev-1');
  assert.equal(receipt.batch, manifest.batch);
  assert.equal(receipt.bytes, review.bytes + study.bytes);
  assert.deepEqual(
    receipt.archives,
    [review, study].map(({ archiveId, sha256, bytes }) => ({ archiveId, sha256, bytes })),
  );

  const found = await world.read((reader) => reader.caseById(caseId));
  assert.deepEqual(cloudCaseSchema.parse(found), found);
  assert.deepEqual({ maps: found?.maps, points: found?.points, lesions: found?.lesions }, study.study);
  assert.deepEqual(
    found?.archives.map(({ tier, sha256, files }) => ({ tier, sha256, files })),
    [review, study].map(({ tier, sha256, files }) => ({ tier, sha256, files })),
  );
  assert.equal(found?.archives[0]?.receipt, jws);
  assert.equal(found?.archives[0]?.receivedAt, receipt.storedAt);
});

test('a case is written out as it was sealed', async () => {
  const archive = await device.seal(transit());
  await receiptOf(device, device.manifest([await device.uploaded(archive)]));
  const to = await mkdtemp(join(tmpdir(), 'vestibule-export-'));
  const order = { folder: world.folder, caseId: archive.caseId, to, transitKey: transit() };
  const done = await exportCase(order);
  assert.equal(done.files, 2);
  assert.deepEqual(readFileSync(join(to, 'map-1.mesh')), table(50));
  assert.deepEqual(readFileSync(join(to, 'map-1/noise.bin')), noise(20_000));
  await assert.rejects(exportCase(order), { code: 'EXPORT_TARGET' });
  await assert.rejects(exportCase({ ...order, caseId: newId('case') }), { code: 'CASE_UNKNOWN' });
  await rm(to, { recursive: true });
});

test('receipts of a device are a chain, and devices have chains of their own', async () => {
  await withDevice('dev-2', async (other) => {
    const batches = [device, other, device, other].map(async (from) => from.uploaded(await from.seal(transit())));
    const [a, b, c, d] = await Promise.all(batches);
    assert.ok(a && b && c && d);
    const first = await receiptOf(device, device.manifest([a]));
    const second = await receiptOf(other, other.manifest([b]));
    assert.equal(second.receipt.previous, null);
    const third = await receiptOf(device, device.manifest([c]));
    assert.equal(third.receipt.previous, sha256(first.jws));
    assert.equal((await receiptOf(other, other.manifest([d]))).receipt.previous, sha256(second.jws));
  });
});

test('the same batch again gets the same receipt and no second entry', async () => {
  const manifest = device.manifest([await device.uploaded(await device.seal(transit()))]);
  const first = await receiptOf(device, manifest);
  assert.equal((await receiptOf(device, manifest)).jws, first.jws);
  assert.equal((await receiptOf(device, { ...manifest, createdAt: '2026-01-01T00:00:00Z' })).jws, first.jws);
  const found = await world.read((reader) => reader.caseById(manifest.archives[0]?.caseId ?? ''));
  assert.equal(found?.archives.length, 1);
});

test('an archive again in another batch is receipted again and entered once; other bytes under its id are not', async () => {
  const archive = await device.uploaded(await device.seal(transit()));
  await receiptOf(device, device.manifest([archive]));
  const { receipt } = await receiptOf(device, device.manifest([archive]));
  assert.equal(receipt.archives[0]?.sha256, archive.sha256);
  assert.equal((await world.read((reader) => reader.caseById(archive.caseId)))?.archives.length, 1);
  assert.deepEqual((await verifyObjects(world)).differences, []);
  const impostor = await device.seal(transit(), { archiveId: archive.archiveId, bytes: 10 });
  const blob = await device.upload(impostor.path, 'impostor');
  const { path: _path, ...entry } = impostor;
  assert.equal(await refusalOf(device, device.manifest([{ ...entry, blob }])), 'ARCHIVE_ID_REUSED');
  assert.deepEqual((await verifyObjects(world)).differences, []);
});

test('a device that is offline gets its receipt when it is back', async () => {
  const manifest = device.manifest([await device.uploaded(await device.seal(transit()))]);
  const before = device.acknowledged.length;
  device.answers = 500;
  await device.sendBatch(manifest);
  await until(() => world.read((reader) => reader.caseById(manifest.archives[0]?.caseId ?? '')), 'the entry');
  await device.disconnect();
  device.answers = 200;
  await new Promise((resolve) => setTimeout(resolve, 300));
  assert.equal(device.acknowledged.length, before);
  await device.connect();
  await until(() => device.acknowledged.length > before, 'the receipt');
});

test('a device that is slow, or declines, keeps no other waiting, and is told again when it asks', async () => {
  await withDevice('dev-4', async (other) => {
    other.thinksMs = 3_000;
    other.answers = 409;
    const manifest = other.manifest([await other.uploaded(await other.seal(transit()))]);
    const ready = device.manifest([await device.uploaded(await device.seal(transit()))]);
    await other.sendBatch(manifest);
    await until(() => world.read((reader) => reader.caseById(manifest.archives[0]?.caseId ?? '')), 'the entry');
    const startedAt = performance.now();
    await receiptOf(device, ready);
    assert.ok(performance.now() - startedAt < 2_500, 'the other receipt did not wait');
    other.thinksMs = 0;
    const isPutAside = () => world.read((reader) => reader.undelivered()).then((count) => count === 0);
    await until(isPutAside, 'the end of telling', 60_000);
    other.answers = 200;
    await receiptOf(other, manifest);
  });
});

test('a blob that comes later than its manifest is waited for, and refused when it does not come', async () => {
  const archive = await device.seal(transit());
  const blob = `dev-1/${archive.archiveId}.case`;
  const { path, ...entry } = archive;
  const late = device.manifest([{ ...entry, blob }]);
  const answer = await nextAnswer(device, async () => {
    await device.sendBatch(late);
    await new Promise((resolve) => setTimeout(resolve, 60));
    await device.upload(path, `${archive.archiveId}.case`);
  });
  assert.ok('receipt' in answer, JSON.stringify(answer));
  const { path: _path, ...lost } = await device.seal(transit());
  assert.equal(await refusalOf(device, device.manifest([{ ...lost, blob: 'dev-1/nowhere' }])), 'BLOB_LOST');
});

test('a waiting batch keeps neither the others of its device nor other devices waiting', async () => {
  const slow = await device.seal(transit());
  const { path: _path, ...entry } = slow;
  const waiting = device.manifest([{ ...entry, blob: 'dev-1/later' }]);
  await device.sendBatch(waiting);
  const next = await device.uploaded(await device.seal(transit()));
  await receiptOf(device, device.manifest([next]));
  const isLost = () => device.acknowledged.some((each) => 'refused' in each && each.refused.batch === waiting.batch);
  await until(isLost, 'the end of the wait for the other');
});

test('blobs of another device are never read', async () => {
  await withDevice('dev-3', async (other) => {
    const archive = await other.uploaded(await other.seal(transit()));
    for (const blob of [archive.blob, `dev-1/../${archive.blob}`, 'dev-1//x', 'dev-1/./x', 'dev-1x/y', 'dev-1/']) {
      assert.equal(await refusalOf(device, device.manifest([{ ...archive, blob }])), 'FOREIGN_BLOB', blob);
    }
    assert.equal(await world.read((reader) => reader.caseById(archive.caseId)), undefined);
  });
});

test('what is not the promised bytes, or not an archive, is refused for good and leaves nothing', async () => {
  const sealed = await device.seal(transit());
  const bytes = readFileSync(sealed.path);
  const { path: _path, ...entry } = sealed;
  const objects = async () => (await verifyObjects(world)).archives;
  const before = await objects();

  const truncated = await device.upload(bytes.subarray(0, bytes.length - 1), 'truncated');
  assert.equal(await refusalOf(device, device.manifest([{ ...entry, blob: truncated }])), 'DIGEST_MISMATCH');

  const flipped = Buffer.from(bytes);
  flipped.writeUInt8(flipped.readUInt8(5000) ^ 1, 5000);
  const mutated = await device.upload(flipped, 'mutated');
  assert.equal(await refusalOf(device, device.manifest([{ ...entry, blob: mutated }])), 'DIGEST_MISMATCH');

  const vouched = { ...entry, sha256: sha256(flipped.subarray(0, 4096)), bytes: 4096 };
  const part = await device.upload(flipped.subarray(0, 4096), 'part');
  assert.equal(await refusalOf(device, device.manifest([{ ...vouched, blob: part }])), 'ARCHIVE_REFUSED');

  const whole = await device.upload(bytes, 'whole');
  const renamed = { ...entry, archiveId: newId('arc'), blob: whole };
  assert.equal(await refusalOf(device, device.manifest([renamed])), 'ARCHIVE_REFUSED');
  const retiered = { ...entry, tier: 'review' as const, blob: whole };
  assert.equal(await refusalOf(device, device.manifest([retiered])), 'ARCHIVE_REFUSED');
  const twice = { ...entry, blob: whole };
  assert.equal(await refusalOf(device, device.manifest([twice, twice])), 'MANIFEST_INVALID');

  assert.equal(await objects(), before);
  assert.deepEqual(await readdir(join(world.folder, 'objects', 'incoming')), []);
  await receiptOf(device, device.manifest([{ ...entry, blob: whole }]));
});

test('an archive above the limit is refused before a byte of it is fetched', async () => {
  const { path: _path, ...entry } = await device.seal(transit());
  const huge = { ...entry, bytes: 500_001, blob: 'dev-1/never-uploaded' };
  assert.equal(await refusalOf(device, device.manifest([huge])), 'ARCHIVE_TOO_LARGE');
});

test('events that are not believed are recorded and passed over, and nobody is told', async () => {
  const before = device.acknowledged.length;
  const { path: _path, ...entry } = await device.seal(transit());
  const manifest = device.manifest([{ ...entry, blob: 'dev-1/x' }]);
  const stranger = await world.hub.authority.issue({ commonName: 'dev-9' });
  await device.send(await signManifest(manifest, stranger));
  await device.send('not a JWS');
  await device.send(`${'x'.repeat(130 * 1024)}.a.a`);
  await device.send(await signManifest(manifest, device.credential), { kind: 'unheard-of' });
  await device.send(await signManifest({ ...manifest, batch: 'no batch id' }, device.credential));
  await receiptOf(device, device.manifest([await device.uploaded(await device.seal(transit()))]));
  await until(async () => (await world.read((reader) => reader.rejections())).length >= 5, 'the records');
  const codes = (await world.read((reader) => reader.rejections())).map(({ code }) => code);
  for (const code of ['WRONG_DEVICE', 'SIGNATURE_MALFORMED', 'EVENT_TOO_LARGE', 'UNKNOWN_KIND', 'MANIFEST_INVALID']) {
    assert.ok(codes.includes(code), code);
  }
  assert.equal(device.acknowledged.length, before + 1);
});

test('a signed manifest that is not one is refused by its batch id', async () => {
  const { path: _path, ...entry } = await device.seal(transit());
  const manifest = { ...device.manifest([{ ...entry, blob: 'dev-1/x' }]), extra: true };
  assert.equal(await refusalOf(device, manifest), 'MANIFEST_INVALID');
});

test('verify names what has changed on disk or in the catalogue', async () => {
  assert.deepEqual((await verifyObjects(world)).differences, []);
  const [first, second] = await world.read((reader) => reader.archives());
  assert.ok(first && second);
  const pathOf = (digest: string) => join(world.folder, 'objects', digest.slice(0, 2), digest);
  const [good, other] = [readFileSync(pathOf(first.sha256)), readFileSync(pathOf(second.sha256))];
  const bad = Buffer.from(good);
  bad.writeUInt8(bad.readUInt8(9000) ^ 1, 9000);
  await rm(pathOf(first.sha256));
  writeFileSync(pathOf(first.sha256), bad);
  await rm(pathOf(second.sha256));
  const found = (await verifyObjects(world)).differences.map(({ code, archiveId }) => [code, archiveId]);
  assert.deepEqual(found.sort(), [
    ['OBJECT_DIFFERS', first.archiveId],
    ['OBJECT_MISSING', second.archiveId],
  ]);
  // Whichever tier an export takes: none of the case is there.
  const { caseId } = second;
  const archives = await world.read((reader) => reader.archives());
  const rest = archives.filter((one) => one.caseId === caseId && one.sha256 !== second.sha256);
  const kept = rest.map(({ sha256 }) => [pathOf(sha256), readFileSync(pathOf(sha256))] as const);
  for (const [path] of kept) await rm(path);
  const order = { folder: world.folder, caseId, to: join(world.folder, 'out'), transitKey: transit() };
  await assert.rejects(exportCase(order), { code: 'OBJECT_MISSING' });
  for (const [path, content] of kept) writeFileSync(path, content);
  await rm(pathOf(first.sha256));
  writeFileSync(pathOf(first.sha256), good);
  writeFileSync(pathOf(second.sha256), other);
  assert.deepEqual((await verifyObjects(world)).differences, []);
});
