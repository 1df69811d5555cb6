import assert from 'node:assert/strict';
import { test } from 'node:test';
import { GatewayError } from '../core/errors.ts';
import { heldReasonSchema } from '../protocol/documents.ts';
import { hintFor, reasonFor } from './held.ts';

const codes = {
  EMPTY: 'empty',
  NO_STUDY: 'no-study',
  UNREADABLE: 'unreadable',
  TOO_LARGE: 'too-large',
  PHI_SUSPECTED: 'phi-suspected',
  ENOSPC: 'disk-full',
  SQLITE_FULL: 'disk-full',
  DISK_FULL: 'disk-full',
  SOURCE_GONE: 'source-gone',
  UNSUPPORTED: 'unsupported',
  UNSAFE_NAME: 'unsafe-name',
  NEEDS_APPROVAL: 'needs-approval',
  PASSWORD_NEEDED: 'password-needed',
  WRONG_PASSWORD: 'password-needed',
  NO_PASSWORD_FITS: 'password-needed',
  PASSWORD_SOURCE: 'password-needed',
};

for (const [code, reason] of Object.entries(codes)) {
  test(`${code} holds at once as ${reason}, and says what a person can do`, () => {
    const found = reasonFor(new GatewayError(code, 'x'), 1);
    assert.equal(found?.reason, heldReasonSchema.parse(reason));
    assert.ok((found?.hint.length ?? 0) > 20);
  });
}

test('what may pass by itself is tried five times before it is held', () => {
  for (const error of [Object.assign(new Error(), { code: 'EBUSY' }), new Error('no code'), 'thrown text', undefined]) {
    for (const failures of [1, 2, 3, 4]) assert.equal(reasonFor(error, failures), undefined);
    assert.equal(reasonFor(error, 5)?.reason, 'unreadable');
  }
});

test('a name that every object has is no code', () => {
  assert.equal(reasonFor(new GatewayError('constructor', 'x'), 1), undefined);
});

test('where a person has to type a command, the hint names it with the case', () => {
  for (const [code, verb] of [
    ['PASSWORD_NEEDED', 'unlock'],
    ['WRONG_PASSWORD', 'unlock'],
    ['NO_PASSWORD_FITS', 'unlock'],
    ['NEEDS_APPROVAL', 'release'],
    ['TOO_LARGE', 'release'],
  ] as const) {
    assert.ok(hintFor(reasonFor(code).hint, 'case-1').endsWith(`vestibule cases ${verb} case-1`), code);
  }
});
