import assert from 'node:assert/strict';
import { test } from 'node:test';
import { voxelId } from './voxels.ts';

test('a voxel’s id follows from its coordinate', () => {
  assert.equal(voxelId(-10.5, 30.5, 12.5), 512_530_489);
  assert.equal(voxelId(-499.5, -499.5, -499.5), 0);
});

test('between voxels, outside the grid, or without a coordinate there is no id', () => {
  assert.equal(voxelId(0.25, 0.5, 0.5), undefined);
  assert.equal(voxelId(500.5, 0.5, 0.5), undefined);
  assert.equal(voxelId(undefined, 0.5, 0.5), undefined);
});
