import assert from 'node:assert/strict';
import { cpSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { type Database, openStore } from '../core/database.ts';
import { catalogueMigrations } from './catalogue/schema.ts';
import { createReceiverKeys, openCatalogueReader, publicKeyOf, verifyObjects } from './index.ts';
import { shelfPaths } from './shelf.ts';
import { until } from './testing/hub-world.ts';
import { ReceiverWorld } from './testing/receiver-world.ts';

let world: ReceiverWorld;
let copies = 0;

before(async () => {
  world = await (await ReceiverWorld.make()).start();
  const device = await world.device('dev-1');
  for (let batch = 1; batch <= 3; batch++) {
    await device.sendBatch(device.manifest([await device.uploaded(await device.seal(world.settings.keys.transit))]));
    await until(() => device.receipts.length === batch, 'the receipt');
  }
  await device.disconnect();
  await world.stop();
});
after(() => world.close());

async function codesAfter(tamper: (db: Database) => void): Promise<readonly string[]> {
  const folder = `${world.folder}-${++copies}`;
  cpSync(world.folder, folder, { recursive: true });
  const db = openStore(shelfPaths(folder).catalogue, catalogueMigrations);
  db.pragma('foreign_keys = OFF');
  tamper(db);
  db.close();
  const { differences } = await verifyObjects({ folder, settings: world.settings });
  for (const { problem } of differences) assert.ok(problem.length > 10);
  return differences.map(({ code }) => code);
}

test('an untouched store has no differences', async () => {
  assert.deepEqual(await codesAfter(() => {}), []);
});

test('receipts that were changed, swapped or taken away are named', async () => {
  const changed = (db: Database) => {
    const { jws } = db.prepare('SELECT jws FROM receipts WHERE place = 2').get() as { jws: string };
    const [header, payload = '', signature] = jws.split('.');
    const receipt = JSON.parse(Buffer.from(payload, 'base64url').toString());
    const forged = Buffer.from(JSON.stringify({ ...receipt, bytes: receipt.bytes + 1 })).toString('base64url');
    db.prepare('UPDATE receipts SET jws = ? WHERE place = 2').run(`${header}.${forged}.${signature}`);
  };
  assert.deepEqual(await codesAfter(changed), ['RECEIPT_INVALID', 'CHAIN_BROKEN', 'ENTRY_DIFFERS']);
  const swapped = (db: Database) => {
    db.exec('UPDATE receipts SET place = place + 10; UPDATE receipts SET place = 14 - place');
  };
  assert.ok((await codesAfter(swapped)).every((code) => code === 'CHAIN_BROKEN'));
  const lastGone = (db: Database) => db.exec('DELETE FROM receipts WHERE place = 3');
  assert.deepEqual(await codesAfter(lastGone), ['CHAIN_BROKEN', 'ENTRY_DIFFERS']);
});

test('entries that were changed or taken away are named', async () => {
  const other = (db: Database) => db.prepare('UPDATE archives SET sha256 = ? WHERE rowid = 1').run('a'.repeat(64));
  assert.deepEqual(await codesAfter(other), ['ENTRY_DIFFERS', 'OBJECT_MISSING']);
  assert.deepEqual(await codesAfter((db) => db.exec('DELETE FROM archives WHERE rowid = 1')), ['ENTRY_MISSING']);
});

test('receipts of another key are not believed; those of a former key are', async () => {
  const { receipt } = await createReceiverKeys();
  const keys = { ...world.settings.keys, receipt };
  const { differences } = await verifyObjects({ folder: world.folder, settings: { keys, formerReceiptKeys: [] } });
  assert.equal(differences.filter(({ code }) => code === 'RECEIPT_INVALID').length, 3);
  const formerReceiptKeys = [publicKeyOf(world.settings.keys.receipt)];
  const believed = await verifyObjects({ folder: world.folder, settings: { keys, formerReceiptKeys } });
  assert.deepEqual(believed.differences, []);
  assert.deepEqual([believed.receipts, believed.archives], [3, 3]);
});

test('a folder without a receiver says so', () => {
  assert.throws(() => openCatalogueReader(join(world.folder, 'nowhere')), { code: 'CATALOGUE_MISSING' });
});
