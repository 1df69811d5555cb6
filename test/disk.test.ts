import assert from 'node:assert/strict';
import { rmSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { after, before, test } from 'node:test';
import { writeFiles } from '../agent/testing/workplace.ts';
import { tinyExport } from '../carto/testing/tiny-export.ts';
import { cloudFoldersOf } from '../cloud/folders.ts';
import { openReader } from '../core/database.ts';
import type { AuditRecord } from '../protocol/audit.ts';
import type { ApplianceStatus } from '../protocol/control.ts';
import { Site } from './harness/site.ts';
import { until } from './harness/until.ts';

let site: Site;
before(async () => {
  site = await Site.create();
});
after(() => site.close());

/** The status as the command prints it, and its exit code. */
async function status(): Promise<{ readonly code: number; readonly told: ApplianceStatus }> {
  const { code, stdout } = await site.vestibule('status', '--json');
  return { code, told: JSON.parse(stdout) as ApplianceStatus };
}

/** What the appliance reports of its storage, as the hub has it. */
function reported(): { readonly full?: true } {
  const db = openReader(join(cloudFoldersOf(site.data).hub, 'state.db'));
  try {
    const text = db.prepare('SELECT reported FROM twins').pluck().get() as string;
    return JSON.parse(text).value.storage;
  } finally {
    db.close();
  }
}

const storageRecords = () =>
  site
    .ledger((read) => [...read.audit.after(0)])
    .map(({ record }) => (JSON.parse(record) as AuditRecord).action)
    .filter((action) => action.startsWith('storage-'));

test('DISK-02, lesson 34: at the quota intake holds and everybody is told; with the receipts it goes on by itself, and a restart counts anew', async () => {
  // The hub is there and the receiver is not: what is sealed is sent, and stays owed.
  site.hub.start();
  await site.hub.said('hub-listening', 60_000);
  await site.startAppliance();
  const first = await site.simulate(1, 4);
  await site.reached('uploaded');
  await site.appliance.stop();
  rmSync(first, { recursive: true });

  // The site gives it hardly more than it has by now. Nothing but a look at the disk can tell it.
  const [sealed] = await site.cases();
  const archives = sealed?.archives.reduce((sum, { bytes }) => sum + bytes, 0) ?? 0;
  const ledger = statSync(join(site.data, 'appliance', 'ledger.db')).size;
  const quotaBytes = Math.floor((archives + ledger) / 0.97);
  site.configure((config) => {
    config.storage = { ...config.storage, quotaBytes };
  });
  await site.startAppliance();
  // Of this one little is kept, but it might all be: it fits once both archives of the first are gone.
  const second = join(site.data, 'second');
  writeFiles(second, { ...tinyExport(), 'of-no-kind.bin': Buffer.alloc(quotaBytes / 2) });
  site.drop(second, 'second');
  await site.reached('held');
  const full = await status();
  assert.deepEqual([full.code, full.told.storage.state, full.told.cases], [5, 'full', { uploaded: 1, held: 1 }]);
  assert.equal((await site.cases())[1]?.reason, 'disk-full');
  await until(() => reported().full === true, 'the twin says so', 15_000);

  const { pid } = site.appliance;
  site.receiver.start();
  const delivered = await until(
    async () => {
      const cases = await site.cases();
      return cases.length === 2 && cases.every(({ stage }) => ['delivered', 'released'].includes(stage)) && cases;
    },
    'both delivered',
    60_000,
  );
  // It would have been kept for thirty days, but room was wanted.
  assert.equal(delivered[0]?.stage, 'released');
  assert.equal(site.appliance.pid, pid);
  const room = await status();
  assert.deepEqual([room.code, room.told.storage.state], [0, 'room']);
  assert.deepEqual(storageRecords(), ['storage-full', 'storage-room']);
});
