import assert from 'node:assert/strict';
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import { test } from 'node:test';
import { openReader } from '../../core/database.ts';
import { silentLog } from '../../core/log.ts';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { Dice, freshSeed } from '../../test/harness/random.ts';
import { Ledger } from '../ledger.ts';

const enqueuer = new URL('../testing/outbox-process.ts', import.meta.url).pathname;

/** Kills the process when it has said so many lines; what it said is added to the sets. */
async function killedRun(
  path: string,
  lines: number,
  acknowledged: Set<string>,
  announced: Set<string>,
): Promise<void> {
  const child = spawn(process.execPath, [enqueuer, path], { stdio: ['ignore', 'pipe', 'inherit'] });
  let said = 0;
  for await (const line of createInterface({ input: child.stdout })) {
    const [word, ...ids] = line.split(' ');
    for (const id of ids) (word === 'enqueued' ? acknowledged : announced).add(id);
    if (++said === lines) child.kill('SIGKILL');
  }
  if (child.exitCode === null && child.signalCode === null) await once(child, 'exit');
  assert.equal(child.signalCode, 'SIGKILL');
}

test('OUTBOX lessons 1, 3, 35, 44: kill -9 at random points: in = delivered + here, and nothing acknowledged is gone', async (t) => {
  const path = join(temporaryFolder(t), 'ledger.db');
  const seed = freshSeed();
  const dice = new Dice(seed);
  t.diagnostic(`seed ${seed}`);
  const [acknowledged, announced] = [new Set<string>(), new Set<string>()];
  for (let run = 0; run < 3; run++) {
    await killedRun(path, 200 + dice.below(600), acknowledged, announced);
    const ledger = await Ledger.open({ path, log: silentLog });
    const counts = ledger.read.outbox.counts();
    for (const { kind, enqueued, queued, sending, parked, delivered, dropped } of counts) {
      assert.equal(enqueued, queued + sending + parked + delivered + dropped, `${kind}, seed ${seed}`);
    }
    await ledger.close();
    const db = openReader(path);
    const rows = db
      .prepare(
        "SELECT 'itm-' || mark || '-' || segment || '-' || n AS id FROM outbox_items JOIN outbox_segments USING (segment)",
      )
      .all() as { id: string }[];
    const orphans = db.prepare(
      'SELECT count(*) AS n FROM outbox_segments WHERE segment NOT IN (SELECT segment FROM outbox_items)',
    );
    assert.deepEqual(orphans.get(), { n: 0 }, 'no body is left of what was delivered');
    db.close();
    const here = new Set(rows.map(({ id }) => id));
    const gone = [...acknowledged].filter((id) => !here.has(id) && !announced.has(id));
    assert.deepEqual(gone, [], `seed ${seed}`);
  }
  assert.ok(announced.size > 0 && acknowledged.size > 100);
});
