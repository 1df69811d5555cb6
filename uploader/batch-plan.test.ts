import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type BatchPolicy, defaultBatchPolicy, type PendingArchive, planBatch } from './batch-plan.ts';

const policy: BatchPolicy = { maxArchives: 3, maxEntryBytes: 1000, maxBytes: 10_000 };

const pending = (archiveId: string, change: Partial<PendingArchive> = {}): PendingArchive => {
  return { archiveId, tier: 'review', bytes: 10, entryBytes: 10, nameTry: 1, ...change };
};

test('takes what is there, oldest first, up to the number of archives', () => {
  assert.equal(planBatch([], policy), undefined);
  assert.deepEqual(planBatch([pending('a')], policy), { tier: 'review', archiveIds: ['a'] });
  assert.deepEqual(
    planBatch(
      ['a', 'b', 'c', 'd'].map((id) => pending(id)),
      policy,
    )?.archiveIds,
    ['a', 'b', 'c'],
  );
});

test('review goes before study, and the two never share a batch', () => {
  const mixed = [pending('s', { tier: 'study' }), pending('r'), pending('t', { tier: 'study' })];
  assert.deepEqual(planBatch(mixed, policy), { tier: 'review', archiveIds: ['r'] });
  assert.deepEqual(
    planBatch(
      mixed.filter(({ tier }) => tier === 'study'),
      policy,
    )?.archiveIds,
    ['s', 't'],
  );
});

test('the manifest has room for every entry', () => {
  const plan = planBatch(
    ['a', 'b', 'c'].map((id) => pending(id, { entryBytes: 400 })),
    policy,
  );
  assert.deepEqual(plan?.archiveIds, ['a', 'b']);
});

test('a large archive travels alone, and does not keep the ones before it waiting', () => {
  const big = pending('big', { bytes: 1_000_000 });
  assert.deepEqual(planBatch([pending('a'), big, pending('b')], policy)?.archiveIds, ['a']);
  assert.deepEqual(planBatch([big, pending('b')], policy)?.archiveIds, ['big']);
});

test('an archive that was sent back travels alone', () => {
  const back = pending('back', { nameTry: 2 });
  assert.deepEqual(planBatch([back, pending('b')], policy)?.archiveIds, ['back']);
  assert.deepEqual(planBatch([pending('a'), back, pending('b')], policy)?.archiveIds, ['a']);
});

test('for all archives: within the limits unless it is a single one, in order, of one tier', () => {
  const archive = fc.record({
    archiveId: fc.uuid(),
    tier: fc.constantFrom('review' as const, 'study' as const),
    bytes: fc.integer({ min: 1, max: 1 << 30 }),
    entryBytes: fc.integer({ min: 500, max: 5000 }),
    nameTry: fc.constantFrom(1, 1, 1, 2),
  });
  fc.assert(
    fc.property(fc.array(archive, { maxLength: 150 }), (archives) => {
      const plan = planBatch(archives);
      assert.equal(plan === undefined, archives.length === 0);
      if (!plan) return;
      const chosen = plan.archiveIds.map((id) => archives.find(({ archiveId }) => archiveId === id));
      assert.ok(chosen.every((one) => one?.tier === plan.tier));
      assert.ok(chosen.length <= 64);
      const sum = (of: 'bytes' | 'entryBytes') => chosen.reduce((total, one) => total + (one?.[of] ?? 0), 0);
      if (chosen.length === 1) return;
      assert.ok(chosen.every((one) => one?.nameTry === 1));
      assert.ok(sum('entryBytes') <= defaultBatchPolicy.maxEntryBytes);
      assert.ok(sum('bytes') <= defaultBatchPolicy.maxBytes);
    }),
  );
});
