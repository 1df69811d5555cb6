import assert from 'node:assert/strict';
import { test } from 'node:test';
import { tightenUpload, type UploadPolicy, uploadOrders, uploadPolicySchema } from './upload-policy.ts';
import { isInWindows } from './week-window.ts';

const windows = [undefined, [], [{ from: '20:00', to: '06:00' }], [{ from: '04:00', to: '21:00' }]];
const ceilings = [undefined, 16_384, 1_000_000];
const policies: UploadPolicy[] = windows.flatMap((window) =>
  ceilings.flatMap((ceiling) =>
    [1, 2, 4].map((parallelBlocks) => ({
      ...{ parallelBlocks, alarmHours: 24 / parallelBlocks },
      ...(ceiling === undefined ? {} : { maxBytesPerSecond: ceiling }),
      ...(window === undefined ? {} : { windows: window }),
    })),
  ),
);

test('every field of the policy declares its order', () => {
  assert.deepEqual(Object.keys(uploadOrders).toSorted(), Object.keys(uploadPolicySchema.shape).toSorted());
});

test('whatever the cloud wants, nothing is allowed that the site forbids, and it may forbid more', () => {
  for (const site of policies) {
    for (const desired of [...policies, {}] as Partial<UploadPolicy>[]) {
      const merged = uploadPolicySchema.parse(tightenUpload(site, desired));
      for (const wish of [site, desired]) {
        assert.ok(merged.parallelBlocks <= (wish.parallelBlocks ?? 4));
        assert.ok(merged.alarmHours <= (wish.alarmHours ?? 24));
        assert.ok((merged.maxBytesPerSecond ?? Infinity) <= (wish.maxBytesPerSecond ?? Infinity));
        for (const minute of [0, 300, 720, 1230]) {
          const isForbidden = wish.windows !== undefined && !isInWindows(wish.windows, minute);
          if (isForbidden) assert.ok(merged.windows && !isInWindows(merged.windows, minute));
        }
      }
    }
    assert.deepEqual(tightenUpload(site, {}), site);
  }
});
