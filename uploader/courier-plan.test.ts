import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tier } from '../protocol/ids.ts';
import { urgency } from '../protocol/outbox.ts';
import { dueClasses, type Job, nextJob, type Outlook } from './courier-plan.ts';
import type { OpenBatch, TicketRecord } from './ledger-records.ts';
import { nobodyPassedOver, turnsPerClass } from './turns.ts';

const nothing: Outlook = {
  ...{ ticketsToClose: [], openBatches: [], tiersToBatch: [], nowMs: 100, dueMs: () => 0 },
  ...{ archivesDueMs: 0, itemsToBatch: [], passedOver: nobodyPassedOver, canRun: () => true },
};

const batch = (batchId: string, state: OpenBatch['state'], tier: Tier = 'review'): OpenBatch => {
  return { batchId, state, tier, urgency: tier, createdAt: '' };
};
const ticket = { correlationId: 't', state: 'abandoned' } as TicketRecord;

const keyOf = (outlook: Partial<Outlook>) => {
  const job = nextJob({ ...nothing, ...outlook });
  return job.kind === 'wait' ? job : job.key;
};

/** Every job, in the order in which they are done when each is done at once. */
function orderOf(outlook: Outlook): string[] {
  const done = new Set<string>();
  for (;;) {
    const job = nextJob({ ...outlook, dueMs: (key) => (done.has(key) ? Number.POSITIVE_INFINITY : 0) });
    if (job.kind === 'wait') return [...done];
    done.add(job.key);
  }
}

test('with nothing owed there is nothing to wait for', () => {
  assert.deepEqual(nextJob(nothing), { kind: 'wait', untilMs: undefined });
});

test('tickets first, then by urgency: an announcement counts as a receipt, and each class makes its batches last', () => {
  const openBatches = [batch('s', 'uploading', 'study'), batch('r', 'uploading'), batch('a', 'uploaded', 'study')];
  const classes = ['safety', 'twin', 'findings', 'log', 'audit'] as const;
  const all: Outlook = {
    ...{ ...nothing, ticketsToClose: [ticket], openBatches, tiersToBatch: ['study', 'review'] },
    itemsToBatch: classes.map((itemClass) => ({ itemClass, dueMs: 0 })),
  };
  assert.deepEqual(orderOf(all), [
    ...['close-ticket:t', 'gather-items:safety', 'announce:a', 'gather-items:twin', 'gather-items:findings'],
    ...['forward:r', 'gather:review', 'gather-items:log', 'gather-items:audit', 'forward:s', 'gather:study'],
  ]);
});

test('items that wait for others to come are not batched before, and keep nobody waiting', () => {
  const itemsToBatch = [{ itemClass: 'log' as const, dueMs: 500 }];
  assert.deepEqual(keyOf({ itemsToBatch }), { kind: 'wait', untilMs: 500 });
  assert.equal(keyOf({ itemsToBatch, tiersToBatch: ['study'] }), 'gather:study');
  assert.equal(keyOf({ itemsToBatch, nowMs: 500, tiersToBatch: ['study'] }), 'gather-items:log');
});

test('outside the windows archives wait, items and announcements do not', () => {
  const items = { ...batch('i', 'uploading'), tier: 'items' as const, urgency: 'log' as const };
  const openBatches = [batch('r', 'uploading'), items];
  assert.equal(keyOf({ openBatches, tiersToBatch: ['review'], archivesDueMs: 900 }), 'forward:i');
});

test('NET-03: what cannot run stands in nobody’s way: without a link an upload whose ticket is at hand goes on', () => {
  const openBatches = [batch('a', 'uploaded'), batch('no-ticket', 'uploading'), batch('s', 'uploading', 'study')];
  const canRun = (job: Job) => job.key === 'forward:s';
  const offline = { openBatches, ticketsToClose: [ticket], tiersToBatch: ['review' as const], canRun };
  assert.equal(keyOf(offline), 'forward:s');
  assert.deepEqual(keyOf({ ...offline, canRun: () => false }), { kind: 'wait', untilMs: undefined });
  const passing = dueClasses({ ...nothing, ...offline });
  assert.deepEqual([...passing], ['study'], 'what cannot run is not passed over');
});

test('what was passed over often enough has its turn', () => {
  const openBatches = [batch('s', 'uploading', 'study'), batch('r', 'uploading')];
  const often = turnsPerClass * urgency.length;
  assert.equal(keyOf({ openBatches, passedOver: new Map([['study', often]]) }), 'forward:s');
  assert.equal(keyOf({ openBatches, passedOver: new Map([['study', turnsPerClass]]) }), 'forward:r');
});

test('what has to wait stands in nobody’s way', () => {
  const openBatches = [batch('a', 'uploaded'), batch('poisoned', 'uploading'), batch('next', 'uploading')];
  const due: Record<string, number> = { 'announce:a': 500, 'forward:poisoned': 300 };
  assert.equal(keyOf({ openBatches, dueMs: (key) => due[key] ?? 0 }), 'forward:next');
});

test('when everything has to wait, it waits for the first', () => {
  const openBatches = [batch('a', 'uploaded'), batch('b', 'uploading')];
  const due: Record<string, number> = { 'announce:a': 500, 'forward:b': 300 };
  assert.deepEqual(keyOf({ openBatches, dueMs: (key) => due[key] ?? 0 }), { kind: 'wait', untilMs: 300 });
});
