import assert from 'node:assert/strict';
import { test } from 'node:test';
import fc from 'fast-check';
import { frame, lengthBytes } from '../testing/raw-mqtt.ts';
import { FrameMeter } from './frames.ts';

const limits = { maxFirstBytes: 100, maxBytes: 1000 };

test('frames within their limits pass, however the stream is cut', () => {
  const bodies = fc.array(fc.integer({ min: 0, max: 1000 }), { maxLength: 8 });
  fc.assert(
    fc.property(fc.integer({ min: 0, max: 100 }), bodies, fc.integer({ min: 1, max: 300 }), (first, rest, step) => {
      const stream = Buffer.concat([first, ...rest].map((length) => frame(3, 0, Buffer.alloc(length, 0xff))));
      const meter = new FrameMeter(limits);
      for (let at = 0; at < stream.length; at += step) assert.ok(meter.accept(stream.subarray(at, at + step)));
    }),
    { numRuns: 200 },
  );
});

test('a frame is refused by its announced length, before its body', () => {
  assert.equal(new FrameMeter(limits).accept(Buffer.from([0x10, 101])), false);
  const meter = new FrameMeter(limits);
  assert.ok(meter.accept(frame(1, 0, Buffer.alloc(100))));
  assert.ok(meter.accept(frame(3, 0, Buffer.alloc(1000))));
  assert.equal(meter.accept(Buffer.from([0x30, ...lengthBytes(1001)])), false);
});

test('a length of more than four bytes is refused', () => {
  const meter = new FrameMeter({ maxFirstBytes: 1e9, maxBytes: 1e9 });
  assert.equal(meter.accept(Buffer.from([0x10, 0xff, 0xff, 0xff, 0xff])), false);
});
