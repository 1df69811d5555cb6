import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { place, type Strip } from './strips.ts';

const frame = { top: 10, bottom: 110 };
const strip = (height: number, more: Partial<Strip> = {}): Strip => ({ height, draw: () => {}, ...more });
const placesOf = (groups: readonly (readonly Strip[])[]) =>
  place(groups, frame, 5).map(({ page, top, strip: { height } }) => [page, top, height]);

test('REPORT-01: groups follow each other with a gap; one that does not fit whole begins the next page', () => {
  assert.deepEqual(placesOf([[strip(30), strip(20)], [strip(20)], [strip(15), strip(15)]]), [
    [0, 10, 30],
    [0, 40, 20],
    [0, 65, 20],
    [1, 10, 15],
    [1, 25, 15],
  ]);
});

test('REPORT-02: a group longer than a page is divided between strips; a heading is never left alone, a head comes again', () => {
  const head = strip(11, { keepsNext: true });
  const row = strip(30, { head });
  assert.deepEqual(placesOf([[strip(60)], [strip(12, { keepsNext: true }), head, row, row, row, row]]), [
    [0, 10, 60],
    [1, 10, 12],
    [1, 22, 11],
    [1, 33, 30],
    [1, 63, 30],
    [2, 10, 11],
    [2, 21, 30],
    [2, 51, 30],
  ]);
});

test('REPORT-03: whatever the heights, all strips stand in order, within the frame, and none upon another', () => {
  const group = fc.array(fc.record({ height: fc.integer({ min: 1, max: 50 }), keepsNext: fc.boolean() }), {
    minLength: 1,
    maxLength: 12,
  });
  fc.assert(
    fc.property(fc.array(group, { maxLength: 6 }), (drawn) => {
      const groups = drawn.map((one) =>
        one.map(({ height, keepsNext }, at) => strip(height, { keepsNext: keepsNext && at % 2 === 0 })),
      );
      const placed = place(groups, frame, 5);
      assert.deepEqual(
        placed.map((one) => one.strip),
        groups.flat(),
      );
      for (const [at, { page, top, strip: one }] of placed.entries()) {
        const before = placed[at - 1];
        assert.ok(top >= frame.top && top + one.height <= frame.bottom);
        if (before?.page === page) assert.ok(top >= before.top + before.strip.height);
        else assert.equal(page, (before?.page ?? -1) + 1);
      }
    }),
  );
});
