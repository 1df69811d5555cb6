import assert from 'node:assert/strict';
import { join } from 'node:path';
import { test } from 'node:test';
import { openReader } from '../../core/database.ts';
import { silentLog } from '../../core/log.ts';
import { itemIdSchema, maxItemBytes } from '../../protocol/outbox.ts';
import { Ledger } from '../ledger.ts';
import { openTestLedger } from '../testing/ledger.ts';
import { unpack } from './store-items.ts';

test('many items at once share one transaction, and each has an id of its own', async (t) => {
  const { ledger } = await openTestLedger(t);
  const before = ledger.commits;
  const ids = await Promise.all(
    Array.from({ length: 512 }, (_, n) => ledger.enqueue({ kind: 'telemetry', body: `item ${n}` })),
  );
  assert.equal(ledger.commits - before, 1);
  assert.equal(new Set(ids).size, 512);
  assert.ok(ids.every((id) => itemIdSchema.safeParse(id).success));
  assert.deepEqual(ledger.read.outbox.counts(), [
    { kind: 'telemetry', enqueued: 512, queued: 512, sending: 0, parked: 0, delivered: 0, dropped: 0, bytes: 3986 },
  ]);
});

test('bodies are kept as they were given, text and bytes, small and large', async (t) => {
  const { ledger, path } = await openTestLedger(t);
  const bodies = ['', 'grün', Buffer.from([0, 255, 7]), Buffer.alloc(maxItemBytes, 'x'), `{"n":${'1'.repeat(2000)}}`];
  const ids = await Promise.all(bodies.map((body) => ledger.enqueue({ kind: 'log', body })));
  const db = openReader(path);
  t.after(() => db.close());
  for (const [n, id] of ids.entries()) {
    const [, , segment, place] = id.split('-');
    const row = db
      .prepare('SELECT * FROM outbox_items JOIN outbox_segments USING (segment) WHERE segment = ? AND n = ?')
      .get(Number(segment), Number(place)) as { start: number; bytes: number; packing: string; bodies: Buffer };
    const found = unpack(row.packing, row.bodies).subarray(row.start, row.start + row.bytes);
    assert.deepEqual(Buffer.from(found), Buffer.from(bodies[n] as string));
  }
});

test('what the outbox does not carry is refused, and nothing else with it', async (t) => {
  const { ledger } = await openTestLedger(t);
  const [tooLarge, unknown, good] = await Promise.allSettled([
    ledger.enqueue({ kind: 'log', body: Buffer.alloc(maxItemBytes + 1) }),
    ledger.enqueue({ kind: 'gossip' as 'log', body: '' }),
    ledger.enqueue({ kind: 'safety', body: 'x' }),
  ]);
  for (const refused of [tooLarge, unknown]) {
    assert.equal(refused.status === 'rejected' && refused.reason.code, 'ITEM_REFUSED');
  }
  assert.equal(good.status, 'fulfilled');
  assert.deepEqual(
    ledger.read.outbox.counts().map(({ kind, queued }) => [kind, queued]),
    [['safety', 1]],
  );
});

test('an item that was acknowledged is there after a restart, and its id is never given again', async (t) => {
  const { ledger, folder } = await openTestLedger(t);
  const first = await ledger.enqueue({ kind: 'audit', body: 'a' });
  await ledger.close();
  const again = await Ledger.open({ path: join(folder, 'ledger.db'), log: silentLog });
  t.after(() => again.close());
  assert.equal(again.read.outbox.counts()[0]?.queued, 1);
  assert.notEqual(await again.enqueue({ kind: 'audit', body: 'b' }), first);
});

test('after the ledger is closed, what is enqueued is refused', async (t) => {
  const { ledger } = await openTestLedger(t);
  await ledger.close();
  await assert.rejects(ledger.enqueue({ kind: 'log', body: 'late' }), { code: 'LEDGER_CLOSED' });
});
