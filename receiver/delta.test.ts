import assert from 'node:assert/strict';
import { chmodSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { noise, table } from '../archive/testing/studies.ts';
import { openStore } from '../core/database.ts';
import type { Sha256 } from '../core/digest.ts';
import type { Manifest } from '../protocol/batch.ts';
import { cloudCaseSchema } from '../protocol/documents.ts';
import { newId } from '../protocol/ids.ts';
import { catalogueMigrations } from './catalogue/schema.ts';
import { exportCase, verifyObjects } from './index.ts';
import { FolderObjects } from './objects/folder.ts';
import { shelfPaths } from './shelf.ts';
import type { TestArchive, TestDevice } from './testing/device.ts';
import { until } from './testing/hub-world.ts';
import { ReceiverWorld } from './testing/receiver-world.ts';

let world: ReceiverWorld;
let device: TestDevice;

before(async () => {
  world = await (await ReceiverWorld.make({})).start();
  device = await world.device('dev-1');
});
after(async () => {
  await device.disconnect();
  await world.close();
});

const transit = () => world.settings.keys.transit;

async function answerTo(from: TestDevice, manifest: Manifest): Promise<string> {
  const heard = from.acknowledged.length;
  await from.sendBatch(manifest);
  await until(() => from.acknowledged.length > heard, 'an answer');
  const answer = from.acknowledged[heard];
  return answer && 'refused' in answer ? answer.refused.code : 'receipt';
}

const deliver = async (archive: TestArchive, from = device) =>
  answerTo(from, from.manifest([await from.uploaded(archive)]));

async function exported(caseId: string): Promise<{ files: Record<string, Buffer>; base?: string }> {
  const to = await mkdtemp(join(tmpdir(), 'receiver-delta-'));
  try {
    const { base } = await exportCase({ folder: world.folder, caseId, to, transitKey: transit() });
    const names = ['map-1.mesh', 'map-1/noise.bin'];
    assert.deepEqual((await readdir(to, { recursive: true })).toSorted(), ['map-1', ...names]);
    const files = Object.fromEntries(names.map((name) => [name, readFileSync(join(to, name))]));
    return base === undefined ? { files } : { files, base };
  } finally {
    await rm(to, { recursive: true });
  }
}

const contents = (seed: number) => ({ 'map-1.mesh': table(50, seed), 'map-1/noise.bin': noise(20_000) });

test('a delta is stored and exported with its base as the whole study; the older case stays as it was', async () => {
  const first = await device.seal(transit(), { seed: 1 });
  assert.equal(await deliver(first), 'receipt');
  const second = await device.seal(transit(), { seed: 2, base: first.archiveId });
  assert.equal(second.base, first.archiveId);
  assert.equal(second.files, 1);
  assert.equal(await deliver(second), 'receipt');
  const same = await device.seal(transit(), { seed: 1, base: first.archiveId });
  assert.equal(same.files, 0);
  assert.equal(await deliver(same), 'receipt');

  assert.deepEqual(await exported(first.caseId), { files: contents(1) });
  assert.deepEqual(await exported(second.caseId), { files: contents(2), base: first.archiveId });
  assert.deepEqual(await exported(same.caseId), { files: contents(1), base: first.archiveId });
  const found = await world.read((reader) => reader.caseById(second.caseId));
  assert.deepEqual(cloudCaseSchema.parse(found), found);
  assert.equal(found?.archives[0]?.base, first.archiveId);
  const verified = await verifyObjects({ folder: world.folder, settings: world.settings });
  assert.deepEqual(verified.differences, []);
});

test('a base goes after its deltas', async () => {
  const first = await device.seal(transit(), { seed: 1 });
  const second = await device.seal(transit(), { seed: 2, base: first.archiveId });
  await deliver(first);
  assert.equal(await world.read((reader) => reader.mayErase('dev-1', first.archiveId)), true);
  await deliver(second);
  assert.equal(await world.read((reader) => reader.mayErase('dev-1', first.archiveId)), false);
  assert.equal(await world.read((reader) => reader.mayErase('dev-1', second.archiveId)), true);
  const db = openStore(shelfPaths(world.folder).catalogue, catalogueMigrations);
  const erase = (archiveId: string) => db.prepare('DELETE FROM archives WHERE archive_id = ?').run(archiveId);
  assert.throws(() => erase(first.archiveId), { code: 'SQLITE_CONSTRAINT_TRIGGER' });
  db.exec('BEGIN');
  erase(second.archiveId);
  erase(first.archiveId);
  db.exec('ROLLBACK');
  db.close();
});

test('a delta without its base is refused: unknown, of another device, another tier, or a delta itself', async () => {
  const first = await device.seal(transit(), { seed: 1 });
  const orphan = await device.seal(transit(), { seed: 2, base: first.archiveId });
  assert.equal(await deliver(orphan), 'BASE_MISSING');
  assert.equal(await world.read((reader) => reader.caseById(orphan.caseId)), undefined);
  await deliver(first);

  const other = await world.device('dev-2');
  const theirs = await other.seal(transit(), { seed: 1 });
  await deliver(theirs, other);
  await other.disconnect();
  const review = await device.seal(transit(), { seed: 1, tier: 'review' });
  await deliver(review);
  const delta = await device.seal(transit(), { seed: 2, base: first.archiveId });
  await deliver(delta);
  const stranger = await device.seal(transit(), { seed: 9 });
  await deliver(stranger);
  for (const base of [theirs.archiveId, review.archiveId, delta.archiveId, newId('arc'), stranger.archiveId]) {
    const wrong = await device.seal(transit(), { seed: 3, base: first.archiveId });
    assert.equal(await deliver({ ...wrong, base }), 'BASE_MISSING', base);
  }
  const { base: _, ...unsaid } = await device.seal(transit(), { seed: 3, base: first.archiveId });
  assert.equal(await deliver(unsaid as TestArchive), 'ARCHIVE_REFUSED', 'a delta that is called whole');
  const whole = await device.seal(transit(), { seed: 3 });
  assert.equal(await deliver({ ...whole, base: first.archiveId }), 'ARCHIVE_REFUSED', 'a whole one called a delta');
});

test('a base whose bytes are gone or rotten: no further delta is taken, and verify names the cases', async () => {
  const first = await device.seal(transit(), { seed: 1 });
  await deliver(first);
  const second = await device.seal(transit(), { seed: 2, base: first.archiveId });
  await deliver(second);
  const path = await new FolderObjects(shelfPaths(world.folder).objects).open(first.sha256 as Sha256);
  const bytes = readFileSync(path);
  chmodSync(path, 0o600);
  for (const spoil of [() => writeFileSync(path, Buffer.alloc(bytes.length)), () => rmSync(path)]) {
    spoil();
    const third = await device.seal(transit(), { seed: 3, base: first.archiveId });
    assert.equal(await deliver(third), 'BASE_MISSING');
    const { differences } = await verifyObjects({ folder: world.folder, settings: world.settings });
    const missing = differences.filter(({ code }) => code === 'BASE_MISSING');
    assert.deepEqual(
      missing.map(({ caseId }) => caseId),
      [second.caseId],
    );
    await assert.rejects(exported(second.caseId), { code: 'OBJECT_MISSING' });
  }
});
