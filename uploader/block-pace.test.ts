import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { type Extent, nextBlockBytes, nextExtent, type Pace, paced, slowed, unknownPace } from './block-pace.ts';

const [kib, mib] = [1024, 1024 * 1024];

test('sizes start small and grow eightfold while the line is fast, up to 8 MiB', () => {
  let pace = unknownPace;
  const sizes: number[] = [];
  for (let n = 0; n < 7; n++) {
    const bytes = nextBlockBytes(pace, 100 * mib);
    sizes.push(bytes / kib);
    pace = paced(pace, bytes, 5);
  }
  assert.deepEqual(sizes, [256, 2048, 8192, 8192, 8192, 8192, 8192]);
});

test('a steady line gets blocks that take well under 2 s', () => {
  for (const bytesPerMs of [50, 100, 300, 1000, 5000, 50_000]) {
    let pace = unknownPace;
    let bytes = 0;
    for (let n = 0; n < 10; n++) {
      bytes = nextBlockBytes(pace, 100 * mib);
      pace = paced(pace, bytes, bytes / bytesPerMs);
    }
    assert.ok(bytes / bytesPerMs <= 2000, `${bytesPerMs} bytes/ms: ${bytes / bytesPerMs} ms`);
    assert.ok(bytes / bytesPerMs >= 500 || bytes === 8 * mib);
  }
});

test('a failure halves the next block, never below 64 KiB', () => {
  const fast = { bytesPerMs: 8192, limitBytes: 8 * mib };
  assert.equal(nextBlockBytes(fast, mib), 8_192_000 - (8_192_000 % (64 * kib)));
  assert.equal(nextBlockBytes(slowed(fast), mib), 4_096_000 - (4_096_000 % (64 * kib)));
  let pace: Pace = fast;
  for (let n = 0; n < 20; n++) pace = slowed(pace);
  assert.equal(nextBlockBytes(pace, mib), 64 * kib);
  assert.equal(nextBlockBytes(slowed(slowed(unknownPace)), mib), 64 * kib, 'also before any block came through');
});

test('a huge archive still fits into 50 000 blocks', () => {
  const bytes = 300 * 1024 * mib;
  assert.ok(Math.ceil(bytes / nextBlockBytes(unknownPace, bytes)) <= 50_000);
});

test('extents fill every gap once and never overlap', () => {
  const covered = fc.array(fc.record({ start: fc.nat(200), bytes: fc.integer({ min: 1, max: 50 }) }), { maxLength: 5 });
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 300 }), covered, fc.integer({ min: 1, max: 64 }), (total, given, size) => {
      const kept: Extent[] = [];
      for (const one of given) {
        const isFree = kept.every((k) => one.start + one.bytes <= k.start || k.start + k.bytes <= one.start);
        if (isFree && one.start + one.bytes <= total) kept.push(one);
      }
      for (let next = nextExtent(total, kept, size); next; next = nextExtent(total, kept, size)) {
        assert.ok(next.bytes >= 1 && next.bytes <= size);
        kept.push(next);
      }
      let at = 0;
      for (const { start, bytes } of kept.toSorted((a, b) => a.start - b.start)) {
        assert.equal(start, at);
        at += bytes;
      }
      assert.equal(at, total);
    }),
  );
});
