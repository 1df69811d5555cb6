import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BlockBuffers } from './block-buffers.ts';

test('memory that was given back is used again where it is large enough; what is in use never is', () => {
  const buffers = new BlockBuffers();
  const [first, second] = [buffers.take(100), buffers.take(100)];
  assert.notEqual(first.buffer, second.buffer);
  buffers.give(first);
  const smaller = buffers.take(60);
  assert.equal(smaller.buffer, first.buffer);
  assert.equal(smaller.length, 60);
  buffers.give(smaller);
  const again = buffers.take(100);
  assert.equal(again.buffer, first.buffer);
  assert.equal(again.length, 100);
  buffers.give(again);
  const larger = buffers.take(200);
  assert.notEqual(larger.buffer, first.buffer);
  assert.equal(larger.length, 200);
});
