import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import type { Reported } from '../protocol/twin.ts';
import { applyPatch } from './desired.ts';
import { guardSize, type JsonObject, mergePatch, steady } from './reported.ts';

const json = fc.letrec<{ value: unknown }>((tie) => ({
  value: fc.oneof(
    { maxDepth: 3 },
    fc.string({ maxLength: 3 }),
    fc.integer(),
    fc.boolean(),
    fc.array(fc.integer(), { maxLength: 3 }),
    fc.dictionary(fc.constantFrom('a', 'b', 'c'), tie('value'), { maxKeys: 3 }),
  ),
})).value;
const section = fc.dictionary(fc.constantFrom('a', 'b', 'c', 'd'), json, { maxKeys: 4, noNullPrototype: true });

test('a merge patch turns the accepted section into the wanted one, whatever they are', () => {
  fc.assert(
    fc.property(section, section, (accepted, wanted) => {
      const patch = mergePatch(accepted as JsonObject, wanted as JsonObject);
      const result = patch ? applyPatch(accepted as JsonObject, patch) : accepted;
      assert.deepEqual(plain(result), plain(wanted));
    }),
  );
});

test('a merge patch is absent when nothing differs, and holds nothing that is the same', () => {
  const accepted = { a: 1, b: { c: [1, 2], d: 'x' } };
  assert.equal(mergePatch(accepted, structuredClone(accepted)), undefined);
  assert.deepEqual(mergePatch(accepted, { a: 1, b: { c: [1, 3], d: 'x' } }), { b: { c: [1, 3] } });
});

test('a member that is gone is deleted with null', () => {
  assert.deepEqual(mergePatch({ cases: { sealed: 2, held: 1 } }, { cases: { sealed: 2 } }), { cases: { held: null } });
});

test('free bytes alone do not cause a report until they have moved by a hundredth of the disk', () => {
  const accepted = snapshot(50_000, 8_000) as unknown as JsonObject;
  assert.equal(mergePatch(accepted, steady(accepted, snapshot(49_001, 8_000))), undefined);
  assert.deepEqual(mergePatch(accepted, steady(accepted, snapshot(49_000, 8_000))), { disk: { freeBytes: 49_000 } });
  assert.equal(mergePatch(accepted, steady(accepted, snapshot(50_000, 7_501))), undefined);
  assert.deepEqual(mergePatch(accepted, steady(accepted, snapshot(50_000, 7_500))), {
    host: { memoryFreeBytes: 7_500 },
  });
});

test('the first report carries the figures as they are', () => {
  assert.equal(steady({}, snapshot(1, 1)).disk.freeBytes, 1);
});

test('a section above 32 KB is refused before it is sent', () => {
  guardSize({ text: 'x'.repeat(32 * 1024 - 20) });
  assert.throws(() => guardSize({ text: 'é'.repeat(16 * 1024) }), { code: 'REPORT_TOO_LARGE' });
});

function plain(value: unknown): unknown {
  return JSON.parse(JSON.stringify(value));
}

function snapshot(diskFree: number, memoryFree: number): Reported {
  return {
    v: 1,
    appliance: { version: '0.1.0', startedAt: '2026-01-01T00:00:00.000Z', bootId: 'boot' },
    gate: { state: 'idle', open: true, since: '2026-01-01T00:00:00.000Z' },
    cases: { sealed: 1 },
    disk: { freeBytes: diskFree, totalBytes: 100_000 },
    host: { memoryFreeBytes: memoryFree, memoryTotalBytes: 10_000 },
    certificate: { notAfter: '2026-06-01T00:00:00.000Z', daysLeft: 90 },
  };
}
