import assert from 'node:assert/strict';
import { mkdirSync, readdirSync, symlinkSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { test } from 'node:test';
import { temporaryFolder } from '../../core/testing/folder.ts';
import { dropClaim, makeClaim, redeemClaim, sweepClaims } from './claim.ts';

test('a claim says whose it is, once', (t) => {
  const folder = temporaryFolder(t);
  const claim = makeClaim(folder) ?? '';
  assert.equal(redeemClaim(folder, claim), process.getuid?.());
  assert.equal(redeemClaim(folder, claim), undefined);
  assert.deepEqual(readdirSync(folder), []);
});

test('what was not made by the asking process proves nothing: a file, a link, another place, a guess', (t) => {
  const folder = temporaryFolder(t);
  const name = (digit: string) => digit.repeat(32);
  writeFileSync(join(folder, name('a')), '');
  symlinkSync('/', join(folder, name('b')));
  mkdirSync(join(folder, 'other'));
  for (const claim of [name('a'), name('b'), name('c'), 'other', '../..', '.', '']) {
    assert.equal(redeemClaim(folder, claim), undefined, claim);
  }
});

test('where no claim can be made there is none; what a killed command left is swept', (t) => {
  const folder = temporaryFolder(t);
  assert.equal(makeClaim(join(folder, 'nowhere')), undefined);
  const [taken = '', left = ''] = [makeClaim(folder), makeClaim(folder)];
  dropClaim(folder, taken);
  dropClaim(folder, taken);
  assert.deepEqual(readdirSync(folder), [left]);
  sweepClaims(folder);
  assert.deepEqual(readdirSync(folder), []);
});
