import assert from 'node:assert/strict';
import { test } from 'node:test';
import { checkNames, isSafeName } from './entry-name.ts';

test('ordinary names are safe', () => {
  for (const name of ['a', 'map-1/mesh.txt', 'a b/ü–ß.txt', '..a', 'a..b/...', '.hidden', 'x'.repeat(255)]) {
    assert.ok(isSafeName(name), name);
  }
});

test('names that climb, start at the root, hide or do not fit are not', () => {
  const long = [`${'x'.repeat(256)}`, `${'ü'.repeat(128)}`, 'abcd/'.repeat(250).concat('a')];
  const odd = ['a\\b', 'a\nb', 'a\u0000', '\u009b1m', '\ud800'];
  for (const name of ['', '.', '..', '/', '/a', 'a/', 'a//b', './a', '../a', 'a/..', 'a/../b', ...odd, ...long]) {
    assert.ok(!isSafeName(name), JSON.stringify(name));
  }
});

test('the error says which file, not its name', () => {
  assert.throws(
    () => checkNames(['fine', 'DOE^JANE/../x']),
    (error: Error) => /file 1 /.test(error.message) && !error.message.includes('DOE'),
  );
  checkNames(['a/b', 'a/c', 'ab', 'a.b']);
});
