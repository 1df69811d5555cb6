import assert from 'node:assert/strict';
import { test } from 'node:test';
import { BatchRefused, EventRejected, ReceiverError } from '../errors.ts';
import { judgeFailure } from './verdict.ts';

const rules = { blobPatienceMs: 1000, maxAttempts: 3 };
const now = new Date('2026-01-01T00:00:10Z');
const event = (attempts = 0, firstFailedAt?: string) => ({
  ...{ id: 1, deviceId: 'dev-1', body: '', enqueuedAt: '2026-01-01T00:00:00Z', attempts },
  firstFailedAt,
});
const judge = (error: unknown, attempts = 0, firstFailedAt?: string) =>
  judgeFailure(error, event(attempts, firstFailedAt), now, rules);

test('what a batch or an event is wrong in is final', () => {
  assert.equal(judge(new BatchRefused('DIGEST_MISMATCH', 'x')).kind, 'refuse');
  assert.equal(judge(new EventRejected('SIGNATURE_INVALID', 'x')).kind, 'reject');
});

test('the hub, the disk and the database are waited for, however long', () => {
  for (const code of ['HUB_UNAVAILABLE', 'HUB_DENIED', 'SERVER_NOT_TRUSTED', 'DISK_FULL'] as const) {
    assert.deepEqual(judge(new ReceiverError(code, 'x'), 10_000, '2020-01-01T00:00:00Z'), { kind: 'retry', code });
  }
  for (const code of ['SQLITE_FULL', 'SQLITE_IOERR_WRITE', 'ENOSPC', 'EIO']) {
    assert.equal(judge(Object.assign(new Error('x'), { code }), 10_000).kind, 'retry', code);
  }
});

test('a missing blob is waited for as long as patience lasts, then the device is told', () => {
  const missing = new ReceiverError('BLOB_MISSING', 'x');
  assert.equal(judge(missing).kind, 'retry');
  assert.equal(judge(missing, 500, '2026-01-01T00:00:09.100Z').kind, 'retry');
  assert.deepEqual(judge(missing, 2, '2026-01-01T00:00:09.000Z'), {
    kind: 'refuse',
    code: 'BLOB_LOST',
    message: 'a blob of the batch did not appear in time',
  });
});

test('what nobody can explain is tried a few times and then passed over, so that it blocks nothing', () => {
  assert.equal(judge(new TypeError('x')).kind, 'retry');
  assert.equal(judge(new TypeError('x'), 1).kind, 'retry');
  assert.deepEqual(judge(new TypeError('patient'), 2), {
    kind: 'reject',
    code: 'INTERNAL',
    message: 'given up after 3 tries',
  });
});
