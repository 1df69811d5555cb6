import assert from 'node:assert/strict';
import { type TestContext, test } from 'node:test';
import { Gate } from '../../core/gate.ts';
import { silentLog } from '../../core/log.ts';
import type { DeliveryAlarm } from '../../protocol/control.ts';
import { announcedBatch, openTestLedger, sealedCase, someArchive } from '../../uploader/testing/ledger.ts';
import { receiptFor } from '../../uploader/testing/receipt-for.ts';
import { FakeClock } from '../testing/clock.ts';
import { DeliveryWatch } from './delivery-watch.ts';
import type { Outside } from './owed.ts';

const hourMs = 3_600_000;

async function scene(t: TestContext) {
  const { ledger } = await openTestLedger(t);
  const clock = new FakeClock();
  const gate = new Gate();
  gate.open();
  const outside: { now: Outside } = {
    now: { link: { state: 'online' }, isWindowOpen: true, failureOf: () => undefined },
  };
  const told: (DeliveryAlarm['cause'] | 'over')[] = [];
  const watch = new DeliveryWatch({
    ...{ ledger, gate, clock, log: silentLog, outside: () => outside.now, alarmMs: 24 * hourMs },
    onChange: (alarm) => told.push(alarm?.cause ?? 'over'),
  });
  watch.look();
  const hours = async (count: number) => {
    for (let n = 0; n < count; n++) {
      await clock.advance(hourMs);
      watch.look();
    }
  };
  return { ledger, clock, gate, outside, told, watch, hours };
}

test('STALL-01: a batch whose receipt does not come is an alarm after a day; the receipt ends it', async (t) => {
  const { ledger, told, watch, hours } = await scene(t);
  const { batchId } = await announcedBatch(ledger, [someArchive()]);
  await hours(24);
  assert.deepEqual(told, []);
  assert.ok(watch.status.owedSince);
  await hours(1);
  assert.deepEqual(told, ['unknown']);
  await ledger.acceptReceipt('d', receiptFor(ledger, batchId, 'd'));
  watch.look();
  assert.deepEqual(told, ['unknown', 'over']);
  assert.equal(watch.status.alarm, undefined);
  assert.equal(watch.status.owedSince, undefined);
  assert.ok(watch.status.lastReceiptAt);
});

test('STALL-02: each hindrance is recognised: no link, a hub that says no, windows, an endpoint that says no', async (t) => {
  for (const [outside, cause] of [
    [{ link: { state: 'offline', error: 'UNREACHABLE' } }, 'no-link'],
    [{ link: { state: 'offline', error: 'IDENTITY_REFUSED' } }, 'refused'],
    [{ isWindowOpen: false }, 'outside-windows'],
  ] as const) {
    const { ledger, outside: now, told, hours } = await scene(t);
    now.now = { ...now.now, ...outside };
    await sealedCase(ledger);
    await hours(25);
    assert.deepEqual(told, [cause]);
  }
  const { ledger, outside: now, told, hours } = await scene(t);
  const { archives } = await sealedCase(ledger);
  const batchId = await ledger.batch(
    'review',
    archives.map(({ archiveId }) => archiveId),
  );
  assert.ok(batchId);
  now.now = { ...now.now, failureOf: () => 'ENDPOINT_REFUSED' };
  await hours(25);
  assert.deepEqual(told, ['refused']);
});

test('STALL-02: items wait for no window; one that is parked waits for a person and is no alarm of this kind', async (t) => {
  const { ledger, outside, told, hours } = await scene(t);
  outside.now = { ...outside.now, isWindowOpen: false };
  await ledger.enqueue({ kind: 'telemetry', body: '{}' });
  await hours(25);
  assert.deepEqual(told, ['unknown']);
  const [item] = ledger.read.outbox.queuedItems('log', 10);
  assert.ok(item);
  await ledger.parkItems({ items: [item], why: 'as the test wants' });
  await hours(1);
  assert.deepEqual(told, ['unknown', 'over']);
});

test('while the gate is closed the ledger is not read', async (t) => {
  const { ledger, gate, told, hours, watch } = await scene(t);
  await sealedCase(ledger);
  watch.look();
  gate.close();
  const { read } = ledger;
  let reads = 0;
  t.mock.method(read, 'openBatches', () => {
    reads += 1;
    return [];
  });
  await hours(25);
  assert.equal(reads, 0);
  assert.deepEqual(told, ['gate-closed']);
});
