import assert from 'node:assert/strict';
import { test } from 'node:test';
import { stageSchema } from '../protocol/documents.ts';
import { type CaseEvent, nextStage } from './stages.ts';

const events: readonly CaseEvent[] = [
  'settled',
  'changed',
  'sealed',
  'batched',
  'upload-started',
  'all-uploaded',
  'sent-back',
  'all-receipted',
  'held',
  'approved',
  'released',
];

test('a case that nothing disturbs goes through every stage once', () => {
  const journey: CaseEvent[] = ['settled', 'sealed', 'batched', 'upload-started', 'all-uploaded', 'all-receipted'];
  let stage = nextStage('detected', 'changed');
  const seen = [stage];
  for (const event of journey) {
    stage = nextStage(stage, event);
    seen.push(stage);
  }
  assert.deepEqual(seen, ['detected', 'settled', 'sealed', 'batched', 'uploading', 'uploaded', 'delivered']);
});

test('every pair of stage and event either is in the table or throws ILLEGAL_MOVE', () => {
  let legal = 0;
  for (const stage of stageSchema.options) {
    for (const event of events) {
      try {
        assert.ok(stageSchema.options.includes(nextStage(stage, event)));
        legal += 1;
      } catch (error) {
        assert.equal((error as { code?: string }).code, 'ILLEGAL_MOVE');
      }
    }
  }
  assert.equal(legal, 27);
});

test('nothing leaves delivered, and nothing but receipts leads there', () => {
  for (const event of events) assert.throws(() => nextStage('delivered', event), { code: 'ILLEGAL_MOVE' });
  for (const event of events.filter((one) => one !== 'all-receipted')) {
    for (const stage of stageSchema.options) {
      let next: string | undefined;
      try {
        next = nextStage(stage, event);
      } catch {
        continue;
      }
      assert.notEqual(next, 'delivered', `${stage} ${event}`);
    }
  }
});

test('a sealed case is never read again', () => {
  for (const stage of ['sealed', 'batched', 'uploading', 'uploaded'] as const) {
    for (const event of ['settled', 'changed', 'sealed'] as const) {
      assert.throws(() => nextStage(stage, event), { code: 'ILLEGAL_MOVE' });
    }
  }
});

test('only a held case is approved or released, and neither makes it sealed', () => {
  for (const stage of stageSchema.options.filter((one) => one !== 'held')) {
    for (const event of ['approved', 'released'] as const) {
      assert.throws(() => nextStage(stage, event), { code: 'ILLEGAL_MOVE' });
    }
  }
  assert.deepEqual([nextStage('held', 'approved'), nextStage('held', 'released')], ['settled', 'detected']);
});
