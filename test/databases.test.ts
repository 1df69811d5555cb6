import assert from 'node:assert/strict';
import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { after, test } from 'node:test';
import { openReader, openSealed, readPragma } from '../core/database.ts';
import { Site } from './harness/site.ts';

let site: Site | undefined;
after(() => site?.close());

test('DURABLE-02: every database file that the whole product left behind opens through its door with synchronous = 2', async () => {
  site = await (await Site.create()).start();
  await site.simulate(51, 2);
  await site.reached('delivered');
  await Promise.all([site.appliance.stop(), site.receiver.stop(), site.hub.stop()]);
  const files = readdirSync(site.data, { recursive: true, withFileTypes: true })
    .filter((entry) => entry.isFile())
    .map((entry) => join(entry.parentPath, entry.name));
  const stores = files.filter((file) => file.endsWith('.db'));
  const archives = files.filter((file) => file.endsWith('.case') || /objects\/.*[0-9a-f]{64}$/.test(file));
  assert.ok(stores.length >= 4, `ledger, hub, approvals, catalogue: ${stores.join(' ')}`);
  assert.ok(archives.length >= 4, 'two archives at home and two at the receiver');
  for (const file of stores) {
    const db = openReader(file);
    assert.equal(readPragma(db, 'synchronous'), 2, file);
    assert.equal(readPragma(db, 'journal_mode'), 'wal', file);
    db.close();
  }
  for (const file of archives) {
    const db = openSealed(file);
    assert.equal(readPragma(db, 'synchronous'), 2, file);
    db.close();
  }
});
