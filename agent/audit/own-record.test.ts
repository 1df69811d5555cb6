import assert from 'node:assert/strict';
import { appendFileSync, readFileSync, statSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { type AuditRecord, appendAudit, whoRuns } from './own-record.ts';

const record: AuditRecord = {
  at: '2026-01-02T03:04:05.000Z',
  action: 'relink',
  uid: 7,
  subject: 'Map-x',
  result: 'found',
};

test('records are lines at the end of a private file; one that was cut off does not spoil the next', (t) => {
  const path = join(temporaryFolder(t), 'audit.log');
  appendAudit(path, record);
  appendFileSync(path, '{"at":"2026');
  appendAudit(path, { ...record, result: 'unknown' });
  const lines = readFileSync(path, 'utf8').split('\n');
  assert.deepEqual(
    [lines[0], lines[2], lines[3]],
    [JSON.stringify(record), JSON.stringify({ ...record, result: 'unknown' }), ''],
  );
  assert.equal(statSync(path).mode & 0o777, 0o600);
});

test('the person behind sudo is noted beside the one that the process runs as', () => {
  assert.deepEqual(whoRuns({ SUDO_UID: '1001' }), { uid: process.getuid?.(), behalfOf: 1001 });
  assert.deepEqual(whoRuns({ SUDO_UID: 'nobody' }), { uid: process.getuid?.() });
});
