import assert from 'node:assert/strict';
import { test } from 'node:test';
import type { Tier } from '../protocol/ids.ts';
import { nextJob, type Outlook } from './courier-plan.ts';
import type { OpenBatch, TicketRecord } from './ledger-records.ts';

const nothing: Outlook = {
  ...{ ticketsToClose: [], openBatches: [], tiersToBatch: [], nowMs: 100, dueMs: () => 0 },
  archivesDueMs: 0,
};

const batch = (batchId: string, state: OpenBatch['state'], tier: Tier = 'review'): OpenBatch => {
  return { batchId, state, tier, createdAt: '' };
};
const ticket = { correlationId: 't', state: 'abandoned' } as TicketRecord;

const keyOf = (outlook: Partial<Outlook>) => {
  const job = nextJob({ ...nothing, ...outlook });
  return job.kind === 'wait' ? job : job.key;
};

test('with nothing owed there is nothing to wait for', () => {
  assert.deepEqual(nextJob(nothing), { kind: 'wait', untilMs: undefined });
});

test('tickets first, then announcements, then review, then study', () => {
  const openBatches = [batch('s', 'uploading', 'study'), batch('r', 'uploading'), batch('a', 'uploaded', 'study')];
  const all: Partial<Outlook> = { ticketsToClose: [ticket], openBatches, tiersToBatch: ['study', 'review'] };
  assert.equal(keyOf(all), 'close-ticket:t');
  assert.equal(keyOf({ ...all, ticketsToClose: [] }), 'announce:a');
  const uploading = openBatches.slice(0, 2);
  assert.equal(keyOf({ ...all, ticketsToClose: [], openBatches: uploading }), 'forward:r');
  assert.equal(keyOf({ openBatches: uploading.slice(0, 1), tiersToBatch: ['review'] }), 'gather:review');
  assert.equal(keyOf({ openBatches: uploading.slice(0, 1), tiersToBatch: ['study'] }), 'forward:s');
  assert.equal(keyOf({ tiersToBatch: ['study'] }), 'gather:study');
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
