import assert from 'node:assert/strict';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterEach, beforeEach, describe, test } from 'node:test';
import { EnrolmentState } from './enrolment-state.ts';
import { CertsError } from './errors.ts';
import { KeyFolder } from './key-folder.ts';
import { makeSigningRequest } from './signing-request.ts';

describe('the enrolment on disk', () => {
  let path: string;
  let folder: KeyFolder;
  let state: EnrolmentState;
  beforeEach(async () => {
    path = mkdtempSync(join(tmpdir(), 'vestibule-state-'));
    folder = await KeyFolder.open(path);
    state = new EnrolmentState(folder);
  });
  afterEach(() => rmSync(path, { recursive: true }));

  test('starts empty', () => {
    assert.deepEqual(
      [
        state.onboarding('AAAA'),
        state.request('lab-2'),
        state.operational(),
        state.candidate(new Date()),
        state.assignment(),
      ],
      [undefined, undefined, undefined, undefined, undefined],
    );
  });

  test('an onboarding pair counts only for the bundle it came from', () => {
    const pair = { keyPem: 'k', certificatePem: 'c' };
    state.keepOnboarding('AAAA', pair);
    assert.equal(state.onboarding('AAAA')?.keyPem, 'k');
    assert.equal(state.onboarding('BBBB'), undefined, 'a newer bundle is opened afresh');
    state.retireOnboarding();
    assert.equal(state.onboarding('AAAA'), undefined);
  });

  test('of two requests made at once the first stands', async () => {
    const [one, two] = [await makeSigningRequest('lab-2'), await makeSigningRequest('lab-2')];
    assert.deepEqual(state.keepRequest(one), one);
    assert.deepEqual(state.keepRequest(two), one);
    assert.deepEqual(new EnrolmentState(await KeyFolder.open(path)).request('lab-2'), one);
  });

  test('damage is named without quoting the file', () => {
    const secret = '-----BEGIN PRIVATE KEY-----SECRET';
    for (const name of ['request.json', 'operational.pem', 'candidate.pem', 'assignment.json', 'onboarding.json']) {
      folder.replace(name, secret);
    }
    const reads = [
      () => state.request('lab-2'),
      () => state.operational(),
      () => state.candidate(new Date()),
      () => state.assignment(),
      () => state.onboarding('AAAA'),
    ];
    for (const read of reads) {
      assert.throws(read, (error) => {
        assert.ok(error instanceof CertsError && error.code === 'KEYS_DAMAGED');
        for (let each: unknown = error; each instanceof Error; each = each.cause) {
          assert.doesNotMatch(each.message, /SECRET/);
        }
        return true;
      });
    }
  });
});
