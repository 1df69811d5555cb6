import assert from 'node:assert/strict';
import { test } from 'node:test';
import { itemClassOf, itemKinds, kindsOf, urgency } from '../../protocol/outbox.ts';
import { Dice, freshSeed } from '../../test/harness/random.ts';
import { planAfterItemsRefusal } from './items-refusal-plan.ts';
import { defaultItemPolicy, maxInlineBytes, planItems, type QueuedItem, untilGatheredMs } from './plan-items.ts';

const policy = { maxItems: 10, maxBytes: 1000, maxAgeMs: 60_000 };
const item = (n: number, bytes = 10, kind: QueuedItem['kind'] = 'log'): QueuedItem => ({ segment: 1, n, kind, bytes });
const numbersOf = (items: readonly QueuedItem[]) => items.map(({ n }) => n);

test('a batch takes what is queued, oldest first, up to its count and its bytes, and one item however large', () => {
  const many = Array.from({ length: 30 }, (_, n) => item(n));
  assert.deepEqual(numbersOf(planItems('log', many, policy)), numbersOf(many.slice(0, 10)));
  assert.deepEqual(numbersOf(planItems('log', [item(0, 600), item(1, 300), item(2, 200)], policy)), [0, 1]);
  assert.deepEqual(numbersOf(planItems('log', [item(0, 5000), item(1)], policy)), [0]);
  assert.deepEqual(planItems('log', [], policy), []);
});

test('items of other classes go along while the manifest has room, the most urgent first, and never alone', () => {
  const queued = [item(0), item(1, 10, 'audit'), item(2, 10, 'findings'), item(3, 10, 'safety')];
  assert.deepEqual(numbersOf(planItems('log', queued, policy)), [0, 3, 2, 1]);
  assert.deepEqual(planItems('twin', queued, policy), []);
  const large = [item(0, 2 * maxInlineBytes), item(1, 10, 'safety')];
  assert.deepEqual(numbersOf(planItems('log', large, { ...policy, maxBytes: 10 ** 9 })), [0]);
});

test('a thousand telemetry items are one batch', () => {
  const queued = Array.from({ length: 1000 }, (_, n) => item(n, 1024, 'telemetry'));
  assert.equal(planItems('log', queued, defaultItemPolicy).length, 1000);
});

test('plans of any queue end with nothing left, and keep to the limits', () => {
  for (const seed of [20261126, freshSeed()]) {
    const dice = new Dice(seed);
    let queued = Array.from({ length: 500 }, (_, n) => item(n, dice.below(1500), dice.pick(itemKinds)));
    let batches = 0;
    while (queued.length > 0) {
      const first = urgency.find((each) => queued.some(({ kind }) => itemClassOf[kind] === each));
      if (!first || first === 'review' || first === 'study') break;
      const batch = planItems(first, queued, policy);
      assert.ok(batch.length > 0 && batch.length <= policy.maxItems, `seed ${seed}`);
      assert.ok(
        batch.length === 1 || batch.reduce((sum, { bytes }) => sum + bytes, 0) <= policy.maxBytes,
        `seed ${seed}`,
      );
      assert.ok(kindsOf(first).includes(batch[0]?.kind ?? 'log'));
      queued = queued.filter((each) => !batch.includes(each));
      assert.ok(batches++ < 500, `seed ${seed}`);
    }
  }
});

test('what is urgent goes at once; logs wait for more until they are old or a batch is full, whatever the clock does', () => {
  const log = { itemClass: 'log' as const, oldestAtMs: 100_000, isFull: false };
  assert.equal(untilGatheredMs(log, 110_000, policy), 50_000);
  assert.equal(untilGatheredMs(log, 170_000, policy), 0);
  assert.equal(untilGatheredMs({ ...log, isFull: true }, 110_000, policy), 0);
  assert.equal(untilGatheredMs({ ...log, itemClass: 'safety' }, 110_000, policy), 0);
  assert.equal(untilGatheredMs(log, 99_000, policy), 0, 'a clock that was set back');
});

test('a refused batch is sent again, divided, or its last item parked; and that ends', () => {
  assert.equal(planAfterItemsRefusal('BLOB_LOST', { items: 5, tries: 0 }), 'again');
  assert.equal(planAfterItemsRefusal('BLOB_LOST', { items: 5, tries: 5 }), 'split');
  assert.equal(planAfterItemsRefusal('ITEMS_REFUSED', { items: 5, tries: 0 }), 'split');
  assert.equal(planAfterItemsRefusal('ITEMS_REFUSED', { items: 1, tries: 0 }), 'park');
  assert.equal(planAfterItemsRefusal('BLOB_LOST', { items: 1, tries: 9 }), 'park');
});
