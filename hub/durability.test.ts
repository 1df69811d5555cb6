import assert from 'node:assert/strict';
import { test } from 'node:test';
import { systemClock } from '../core/clock.ts';
import { readPragma } from '../core/database.ts';
import { silentLog } from '../core/log.ts';
import { temporaryFolder } from '../core/testing/folder.ts';
import { openRegistry } from './index.ts';
import { closeStores, openStores } from './stores.ts';

test('every database of the hub, opened through its own door, is fully synchronous', async (t) => {
  const folder = temporaryFolder(t);
  const stores = await openStores({ folder, clock: systemClock, log: silentLog });
  const registry = await openRegistry(folder);
  const databases = [
    stores.registry.database,
    stores.state,
    stores.events.database,
    stores.blobs.database,
    registry.database,
  ];
  for (const database of databases) {
    assert.equal(readPragma(database, 'synchronous'), 2, database.name);
    assert.equal(readPragma(database, 'journal_mode'), 'wal', database.name);
  }
  registry.close();
  closeStores(stores);
});
