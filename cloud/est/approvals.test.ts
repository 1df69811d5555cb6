import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { systemClock } from '../../core/clock.ts';
import { openReader, readPragma } from '../../core/database.ts';
import { type Sha256, sha256 } from '../../core/digest.ts';
import { Approvals, type Submission } from './approvals.ts';

describe('approvals', () => {
  let folder: string;
  let path: string;
  let approvals: Approvals;
  beforeEach(() => {
    folder = mkdtempSync(join(tmpdir(), 'vestibule-approvals-'));
    path = join(folder, 'approvals.db');
    approvals = new Approvals({ path, clock: systemClock });
  });
  afterEach(() => {
    approvals.close();
    rmSync(folder, { recursive: true });
  });

  const submission = (device: string, key: string, credential = `${device} bundle`): Submission => ({
    device,
    fingerprint: sha256(key),
    kind: 'enrol',
    credential: sha256(credential),
  });

  function reopen(
    options: { autoApprove?: boolean; onAutoApproved?: (device: string, key: Sha256) => void } = {},
  ): void {
    approvals.close();
    approvals = new Approvals({ path, clock: systemClock, ...options });
  }

  test('a request waits, over restarts, until a person approves this very key', () => {
    const mine = submission('lab-2', 'key');
    assert.deepEqual(approvals.submit(mine), { state: 'pending' });
    reopen();
    assert.deepEqual(approvals.submit(mine), { state: 'pending' });
    assert.deepEqual(
      approvals.pending().map(({ device, fingerprint }) => [device, fingerprint]),
      [['lab-2', sha256('key')]],
    );
    assert.throws(() => approvals.approve('lab-2', sha256('another key')), { code: 'REQUEST_UNKNOWN' });
    assert.throws(() => approvals.approve('lab-3', sha256('key')), { code: 'REQUEST_UNKNOWN' });
    approvals.approve('lab-2', mine.fingerprint);
    assert.deepEqual(approvals.pending(), []);
    reopen();
    assert.deepEqual(approvals.submit(mine), { state: 'approved' });
  });

  test('nothing can be issued before the approval', () => {
    const mine = submission('lab-2', 'key');
    assert.throws(() => approvals.recordIssued(mine, 'PEM'), { code: 'REQUEST_UNKNOWN' });
    approvals.submit(mine);
    assert.throws(() => approvals.recordIssued(mine, 'PEM'), { code: 'DENIED' });
  });

  test('what was issued first stands, and answers every repetition', () => {
    const mine = submission('lab-2', 'key');
    approvals.submit(mine);
    approvals.approve('lab-2', mine.fingerprint);
    assert.equal(approvals.recordIssued(mine, 'first'), 'first');
    assert.equal(approvals.recordIssued(mine, 'second'), 'first');
    reopen();
    assert.deepEqual(approvals.submit(mine), { state: 'issued', certificatePem: 'first' });
    assert.throws(() => approvals.deny('lab-2', mine.fingerprint), { code: 'ALREADY_ISSUED' });
  });

  test('one onboarding certificate, one key: also when both keys were approved before', () => {
    const [one, two] = [submission('lab-2', 'one'), submission('lab-2', 'two')];
    for (const each of [one, two]) {
      approvals.submit(each);
      approvals.approve('lab-2', each.fingerprint);
    }
    approvals.recordIssued(one, 'first');
    assert.throws(() => approvals.recordIssued(two, 'second'), { code: 'ALREADY_USED' });
    assert.throws(() => approvals.submit(two), { code: 'ALREADY_USED' });
    assert.throws(() => approvals.submit(submission('lab-2', 'three')), { code: 'ALREADY_USED' });
    assert.deepEqual(approvals.submit(submission('lab-2', 'three', 'a new bundle')), { state: 'pending' });
  });

  test('a denied request stays denied until it is approved', () => {
    const mine = submission('lab-2', 'key');
    approvals.submit(mine);
    approvals.deny('lab-2', mine.fingerprint);
    assert.throws(() => approvals.submit(mine), { code: 'DENIED' });
    assert.throws(() => approvals.recordIssued(mine, 'PEM'), { code: 'DENIED' });
    approvals.approve('lab-2', mine.fingerprint);
    assert.deepEqual(approvals.submit(mine), { state: 'approved' });
  });

  test('a stolen bundle cannot fill the table', () => {
    for (let n = 0; n < 8; n++) approvals.submit(submission('lab-2', `key ${n}`));
    assert.throws(() => approvals.submit(submission('lab-2', 'one more')), { code: 'TOO_MANY_REQUESTS' });
    assert.deepEqual(approvals.submit(submission('lab-2', 'key 3')), { state: 'pending' }, 'those known go on');
    assert.deepEqual(approvals.submit(submission('lab-3', 'key')), { state: 'pending' }, 'another site is not touched');
  });

  test('automatic approval says so, once per key; also for those that waited already, but not for denied ones', () => {
    const [waiting, refused, fresh] = ['waiting', 'refused', 'fresh'].map((key) => submission(key, key));
    approvals.submit(waiting!);
    approvals.submit(refused!);
    approvals.deny('refused', refused!.fingerprint);
    const told: string[] = [];
    reopen({ autoApprove: true, onAutoApproved: (device, key) => told.push(`${device} ${key}`) });
    for (const each of [waiting!, fresh!, fresh!]) assert.deepEqual(approvals.submit(each), { state: 'approved' });
    assert.throws(() => approvals.submit(refused!), { code: 'DENIED' });
    assert.deepEqual(told, [`waiting ${sha256('waiting')}`, `fresh ${sha256('fresh')}`]);
  });

  test('a renewal waits for nobody and uses nothing up', () => {
    const renewals = ['a', 'b'].map((key) => ({ ...submission('lab-2', key, 'operational'), kind: 'renew' as const }));
    for (const each of renewals) {
      assert.deepEqual(approvals.submit(each), { state: 'approved' });
      assert.equal(approvals.recordIssued(each, each.fingerprint), each.fingerprint);
    }
  });

  test('another process may approve, and the store is durable', () => {
    const mine = submission('lab-2', 'key');
    approvals.submit(mine);
    const commandLine = new Approvals({ path, clock: systemClock });
    commandLine.approve('lab-2', mine.fingerprint);
    commandLine.close();
    assert.deepEqual(approvals.submit(mine), { state: 'approved' });
    const reader = openReader(path);
    assert.equal(readPragma(reader, 'synchronous'), 2);
    reader.close();
  });
});
