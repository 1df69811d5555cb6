import assert from 'node:assert/strict';
import { test } from 'node:test';
import { Staging } from './staging.ts';

const block = (start: number, bytes: number) => ({ start, bytes, blockId: `${start}+${bytes}` });

test('bytes are taken once, in their order, and the last piece is as small as it has to be', () => {
  const staging = new Staging(250, []);
  const taken = [staging.take(100), staging.take(100), staging.take(100), staging.take(100)];
  assert.deepEqual(taken, [{ start: 0, bytes: 100 }, { start: 100, bytes: 100 }, { start: 200, bytes: 50 }, undefined]);
});

test('what was staged earlier is left out, until the endpoint says that it has not got it', () => {
  const earlier = [block(0, 100), block(100, 100), block(200, 100)];
  const staging = new Staging(400, earlier);
  assert.deepEqual(staging.take(100), { start: 300, bytes: 100 });
  staging.staged(block(300, 100));
  assert.equal(staging.take(100), undefined);
  staging.found([earlier[0] ?? block(0, 0), earlier[2] ?? block(0, 0)]);
  assert.deepEqual(staging.take(60), { start: 100, bytes: 60 });
  assert.deepEqual(staging.take(60), { start: 160, bytes: 40 });
  staging.staged(block(160, 40));
  staging.staged(block(100, 60));
  assert.deepEqual(
    staging.blocks.map(({ start }) => start),
    [0, 100, 160, 200, 300],
  );
  assert.equal(staging.take(60), undefined);
});
