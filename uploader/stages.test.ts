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
  'resumed',
  'resumed-uploading',
  'resumed-uploaded',
  'all-erased',
  'withdrawn',
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
  assert.equal(legal, 44);
});

test('from delivered a case only goes when its bytes do, and nothing but receipts leads there', () => {
  for (const event of events.filter((one) => one !== 'all-erased' && one !== 'withdrawn')) {
    assert.throws(() => nextStage('delivered', event), { code: 'ILLEGAL_MOVE' });
  }
  assert.deepEqual(
    [nextStage('delivered', 'all-erased'), nextStage('delivered', 'withdrawn')],
    ['released', 'withdrawn'],
  );
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

test('only what was delivered, or what nobody is owed, is ever released', () => {
  for (const stage of ['detected', 'settled', 'batched', 'uploading', 'uploaded', 'held'] as const) {
    assert.throws(() => nextStage(stage, 'all-erased'), { code: 'ILLEGAL_MOVE' });
  }
});

test('every case can be withdrawn once, and stays so whatever is still on its way', () => {
  for (const stage of stageSchema.options.filter((one) => one !== 'withdrawn')) {
    assert.equal(nextStage(stage, 'withdrawn'), 'withdrawn');
  }
  for (const event of events) {
    try {
      assert.equal(nextStage('withdrawn', event), 'withdrawn');
    } catch (error) {
      assert.equal((error as { code?: string }).code, 'ILLEGAL_MOVE');
    }
  }
});
