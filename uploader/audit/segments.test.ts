import assert from 'node:assert/strict';
import { randomBytes } from 'node:crypto';
import { type TestContext, test } from 'node:test';
import { chainHash } from '../../protocol/audit.ts';
import { defaultBatchPolicy } from '../batch-plan.ts';
import { CourierWorld, itemsFrom, until } from '../testing/world.ts';
import { AuditSegmenter } from './segmenter.ts';

async function world(t: TestContext, maxBytes: number) {
  const courier = await CourierWorld.make(t, {
    batches: { archives: defaultBatchPolicy, items: { maxItems: 1000, maxBytes: 1 << 20, maxAgeMs: 0 } },
  });
  const { ledger, gate, clock } = courier;
  const log = { warn: () => warnings.push('too large'), error: () => {} };
  const warnings: string[] = [];
  const deps = { ledger, gate, clock, log: log as never, maxBytes, everyMs: 1 };
  const segmenter = new AuditSegmenter(deps);
  const record = async (count: number, bytes = 500) => {
    const one = () => {
      const id = `aud-${randomBytes(12).toString('hex')}`;
      const time = { at: '2030-01-01T00:00:00.000Z', bootId: 'boot', monotonicMs: 1 };
      const evidence = 'x'.repeat(bytes);
      return ledger.audit({ record: { v: 1, id, ...time, action: 'case-release', actor: 'person', evidence } });
    };
    await Promise.all(Array.from({ length: count }, one));
  };
  const round = () => segmenter.round(new AbortController().signal);
  return { courier, ledger, record, round, warnings };
}

test('segments carry every record once, chained, and fit into an item', async (t) => {
  const { courier, ledger, record, round } = await world(t, 1 << 30);
  await record(700);
  await round();
  await record(3);
  await round();
  await round();
  const segments = ledger.read.audit.segments();
  assert.ok(segments.length >= 3, String(segments.length));
  await courier.start();
  await until('every segment is delivered', () =>
    ledger.read.audit.segments().every(({ state }) => state === 'delivered'),
  );
  const bodies = new Map<number, string>();
  for (const event of courier.link.events) {
    for (const { kind, body } of await itemsFrom(courier, event)) {
      if (kind === 'audit') bodies.set((JSON.parse(body.split('\n')[0] ?? '') as { first: number }).first, body);
    }
  }
  let [seq, hash] = [0, '0'.repeat(64)];
  for (const body of [...bodies].toSorted(([a], [b]) => a - b).map(([, text]) => text)) {
    assert.ok(Buffer.byteLength(body) <= 256 * 1024);
    const [head = '', ...records] = body.trimEnd().split('\n');
    const { first, last, before, hash: after } = JSON.parse(head) as Record<string, unknown>;
    assert.deepEqual([first, before], [seq + 1, hash]);
    for (const text of records) {
      seq += 1;
      assert.equal((JSON.parse(text) as { seq: number }).seq, seq);
      hash = chainHash(hash, text);
    }
    assert.deepEqual([last, after], [seq, hash]);
  }
  assert.deepEqual({ seq, hash }, ledger.read.audit.head);
});

test('the oldest delivered segment goes when the log is too large; what was not delivered stays, however large', async (t) => {
  const maxBytes = 400_000;
  const { courier, ledger, record, round, warnings } = await world(t, maxBytes);
  await record(1500);
  await round();
  assert.equal(ledger.read.audit.tail(5000).length, 1500, 'nothing was delivered');
  assert.deepEqual(warnings, ['too large']);
  await round();
  assert.deepEqual(warnings, ['too large'], 'said once');
  await courier.start();
  await until('they are delivered', () => ledger.read.audit.segments().every(({ state }) => state === 'delivered'));
  await round();
  const left = ledger.read.audit.tail(5000);
  assert.ok(left.length > 0 && left.length < 700, String(left.length));
  assert.equal(left.at(-1)?.seq, 1500, 'the newest stay');
  const verdict = ledger.read.audit.verify();
  assert.deepEqual(verdict, {
    ok: true,
    records: left.length,
    archived: 1500 - left.length,
    head: ledger.read.audit.head,
  });
  await record(1);
  assert.equal(ledger.read.audit.head.seq, 1501);
});

test('a segment whose item was parked, and one whose item a person gave up, is never let go', async (t) => {
  const { ledger, record, round } = await world(t, 1000);
  await record(20);
  await round();
  const [item] = ledger.read.outbox.queuedItems('audit', 10);
  assert.ok(item);
  await ledger.parkItems({ items: [item], why: 'refused: KIND_UNKNOWN' });
  await ledger.dropItem(item);
  await round();
  assert.equal(ledger.read.audit.tail(100).length, 20);
  assert.equal(ledger.read.audit.verify().ok, true);
});
